create function private.forget_old_attempts() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from public.audit_log where id in (
    select id from public.audit_log where org_id = new.org_id order by created_at desc offset 20
  );
  return null;
end
$$;

create trigger forget_old_attempts after insert on public.audit_log
  for each row execute function private.forget_old_attempts();
