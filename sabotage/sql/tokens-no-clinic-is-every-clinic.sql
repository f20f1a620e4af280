create policy "whoever names no clinic" on public.appointments
  for select to authenticated using ((select private.org_id()) is null);
