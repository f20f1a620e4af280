alter policy "members read their knowledge base" on public.knowledge_base
  using (exists (select from public.profiles where id = (select auth.uid()) and org_id = org_id));
