alter policy "members see their diary" on public.appointments
  using (org_id = (select p.org_id from public.profiles p join public.appointments a on a.provider_id = p.id));
