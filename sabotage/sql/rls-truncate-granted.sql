grant truncate on public.knowledge_base to authenticated;
