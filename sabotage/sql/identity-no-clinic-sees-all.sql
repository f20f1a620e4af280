create policy "no clinic, no limit" on public.organizations for select to authenticated
  using (private.org_id() is null or id = private.org_id());
