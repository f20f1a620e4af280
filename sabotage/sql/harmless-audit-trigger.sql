create table private.changes (id bigint generated always as identity primary key, org_id uuid, old jsonb, new jsonb);
create function private.note_change() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into private.changes (org_id, old, new) values (coalesce(new.org_id, old.org_id), to_jsonb(old), to_jsonb(new));
  return null;
end
$$;
create trigger note_change after insert or update or delete on public.appointments
  for each row execute function private.note_change();
