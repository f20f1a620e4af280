create policy "everybody sees" on public.organizations for select to authenticated using (true);
