create function public.my_appointments() returns setof public.appointments
language sql stable security definer set search_path = ''
as $$ select * from public.appointments where org_id = private.org_id() $$;
