alter table public.knowledge_base alter org_id drop not null;
create policy "what belongs to nobody is for all" on public.knowledge_base
  for select to authenticated using (org_id is null);
