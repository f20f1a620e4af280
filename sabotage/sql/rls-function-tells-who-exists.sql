create function public.is_registered(address text) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (select from public.profiles where email = address) $$;
