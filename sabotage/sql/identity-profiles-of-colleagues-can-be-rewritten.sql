grant update on public.profiles to authenticated;
create policy "members rewrite each other" on public.profiles
  for update to authenticated using (org_id = (select private.org_id()));
