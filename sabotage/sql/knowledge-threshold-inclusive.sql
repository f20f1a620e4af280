create or replace function public.search_knowledge(
  query_embedding extensions.vector, match_threshold double precision default 0.7, match_count integer default 3
) returns table (id uuid, content text, similarity double precision)
language sql stable
set search_path = ''
as $$
  select nearest.id, nearest.content, 1 - nearest.distance
  from (
    select k.id, k.content, k.embedding operator(extensions.<=>) query_embedding as distance
    from public.knowledge_base k
    where k.org_id = (select private.org_id())
    order by distance, k.id
    limit match_count
  ) as nearest
  where nearest.distance <= 1 - match_threshold
  order by nearest.distance, nearest.id
$$;
