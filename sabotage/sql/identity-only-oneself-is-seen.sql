drop policy "members see their colleagues" on public.profiles;
create policy "members see themselves" on public.profiles for select to authenticated using (id = (select auth.uid()));
