drop policy "admins rename their organisation" on public.organizations;
create policy "members rename their organisation" on public.organizations
  for update to authenticated using (id = (select private.org_id())) with check (true);
