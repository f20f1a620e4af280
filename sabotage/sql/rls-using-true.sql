alter policy "members see their diary" on public.appointments using (true);
