alter policy "members write in their diary" on public.appointments with check (true);
