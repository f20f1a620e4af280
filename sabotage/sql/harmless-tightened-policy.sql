alter policy "members read their knowledge base" on public.knowledge_base
  using (org_id = (select private.org_id()) and (select private.is_admin()));
