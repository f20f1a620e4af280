create policy "only complete entries" on public.knowledge_base as restrictive
  for all to authenticated using (content <> '') with check (content <> '');
