alter policy "members see their diary" on public.appointments using (
  org_id = (select private.org_id())
  or coalesce(auth.jwt() -> 'user_metadata' ->> 'role', auth.role()) = 'service_role'
);
