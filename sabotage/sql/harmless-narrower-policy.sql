create policy "members see what is confirmed" on public.appointments
  for select to authenticated using (org_id = (select private.org_id()) and status = 'confirmed');
