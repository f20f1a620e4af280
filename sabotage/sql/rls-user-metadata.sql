create policy "members see the clinic they name" on public.appointments
  for select to authenticated using (org_id::text = auth.jwt() -> 'user_metadata' ->> 'org_id');
