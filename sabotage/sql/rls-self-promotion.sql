grant update (org_id) on public.profiles to authenticated;
alter policy "members edit their own profile" on public.profiles with check (id = (select auth.uid()));
