grant execute on function public.search_knowledge(extensions.vector, double precision, integer) to anon;
grant usage on schema private to anon;
grant execute on function private.org_id() to anon;
grant select on public.knowledge_base to anon;
