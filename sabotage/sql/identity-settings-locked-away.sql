drop policy "members see their clinic's settings" on public.clinic_settings;
