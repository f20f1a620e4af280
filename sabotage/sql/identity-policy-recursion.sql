drop policy "members see their colleagues" on public.profiles;
create policy "members see their colleagues" on public.profiles for select to authenticated
  using (org_id in (select org_id from public.profiles where id = (select auth.uid())));
