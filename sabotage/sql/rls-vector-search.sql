create function public.match_knowledge(query extensions.vector, clinic uuid, matches integer default 5)
returns table (content text, similarity double precision)
language sql stable security definer set search_path = ''
as $$
  select content, 1 - (embedding operator(extensions.<=>) query) from public.knowledge_base
  where org_id = clinic order by embedding operator(extensions.<=>) query limit matches
$$;
