create function private.announce() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.audit_log (org_id, action, attempted_action, status, details)
  select id, 'knowledge', 'news', 'ok', jsonb_build_object('content', new.content)
  from public.organizations where id <> new.org_id;
  return null;
end
$$;
create trigger announce after insert on public.knowledge_base for each row execute function private.announce();
