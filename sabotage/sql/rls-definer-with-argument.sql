create function public.appointments_of(clinic uuid) returns setof public.appointments
language sql stable security definer set search_path = ''
as $$ select * from public.appointments where org_id = clinic $$;
