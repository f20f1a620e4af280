create function public.my_diary() returns setof public.appointments
language sql stable security definer
as $$ select a.* from public.appointments a where a.org_id = (select org_id from profiles where id = auth.uid()) $$;
