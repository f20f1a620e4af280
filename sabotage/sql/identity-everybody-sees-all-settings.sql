create policy "everybody sees" on public.clinic_settings for select to authenticated using (true);
