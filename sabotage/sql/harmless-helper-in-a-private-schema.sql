create function private.is_mine(clinic uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select coalesce(clinic = private.org_id(), false) $$;
revoke execute on function private.is_mine(uuid) from public;
grant execute on function private.is_mine(uuid) to authenticated;
alter policy "members see their diary" on public.appointments using (private.is_mine(org_id));
