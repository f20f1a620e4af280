grant update on public.profiles to authenticated;
create policy "members see themselves" on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy "members rewrite themselves" on public.profiles
  for update to authenticated using (id = (select auth.uid()));
