alter policy "members see their diary" on public.appointments
  using (org_id = (select ((select auth.jwt()) ->> 'org_id')::uuid));
