alter policy "admins delete from their knowledge base" on public.knowledge_base using (true);
