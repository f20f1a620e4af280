-- Finding what a clinic knows: the nearest of its own documents, above a threshold that the clinic may set.

alter table public.clinic_settings
  add column knowledge_threshold double precision not null default 0.7 check (knowledge_threshold between 0 and 1);
grant update (knowledge_threshold) on public.clinic_settings to authenticated;

-- 384 dimensions fit into a row. Left to itself PostgreSQL moves the vector out of it as soon as the text is long,
-- and every comparison then fetches it from elsewhere (docs/knowledge.md).
alter table public.knowledge_base alter column embedding set storage plain;

-- There is no approximate index on purpose: it would search everybody's documents first and ask whose they are
-- afterwards, so that a small clinic among large ones finds nothing. The index on org_id leads to the clinic's own
-- documents, and all of those are compared.
-- With the caller's rights, so that row-level security judges it too. The nearest are taken before the threshold is
-- applied, which comes to the same and computes each distance once. A vector of zeros has no direction: its distance is
-- no number, and must not count as near.
create function public.search_knowledge(
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
    limit greatest(coalesce(match_count, 0), 0)
  ) as nearest
  where nearest.distance < 1 - match_threshold
  order by nearest.distance, nearest.id
$$;

-- From PUBLIC alone would leave what Supabase's default privileges grant by name.
revoke execute on function public.search_knowledge(extensions.vector, double precision, integer)
  from public, anon, authenticated, service_role;
grant execute on function public.search_knowledge(extensions.vector, double precision, integer) to authenticated;
