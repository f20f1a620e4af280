create policy "everybody sees" on public.profiles for select to authenticated using (true);
