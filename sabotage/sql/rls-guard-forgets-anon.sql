create function public.clinic_diary(clinic uuid) returns setof public.appointments
language plpgsql stable security definer set search_path = ''
as $$
begin
  if auth.uid() is not null and clinic <> private.org_id() then
    raise exception 'not your clinic' using errcode = '42501';
  end if;
  return query select * from public.appointments where org_id = clinic;
end
$$;
