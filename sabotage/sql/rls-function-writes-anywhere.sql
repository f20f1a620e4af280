create function public.cancel_all(clinic uuid) returns void
language sql security definer set search_path = ''
as $$ update public.appointments set status = 'cancelled' where org_id = clinic $$;
revoke execute on function public.cancel_all(uuid) from public;
