create policy "the latest arrivals" on public.organizations
  for select to authenticated using (created_at > now() - interval '1 minute');
