-- What the assistant may say for a clinic, with the embedding that finds it.

create table public.knowledge_base (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  title text not null default '' check (char_length(title) <= 300),
  content text not null check (char_length(content) between 1 and 100000),
  embedding extensions.vector(384) not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index knowledge_base_by_organisation on public.knowledge_base (org_id);

create trigger touch_updated_at before update on public.knowledge_base
  for each row execute function private.touch_updated_at();

alter table public.knowledge_base enable row level security;
alter table public.knowledge_base force row level security;

revoke all on public.knowledge_base from anon, authenticated, service_role;
grant select, insert, update, delete on public.knowledge_base to service_role;
grant select, insert, delete on public.knowledge_base to authenticated;
grant update (title, content, embedding) on public.knowledge_base to authenticated;

create policy "members read their knowledge base" on public.knowledge_base
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins add to their knowledge base" on public.knowledge_base
  for insert to authenticated
  with check (org_id = (select private.org_id()) and (select private.is_admin()));
create policy "admins change their knowledge base" on public.knowledge_base
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.is_admin()))
  with check (org_id = (select private.org_id()));
create policy "admins delete from their knowledge base" on public.knowledge_base
  for delete to authenticated
  using (org_id = (select private.org_id()) and (select private.is_admin()));
