create function private.no_owner() returns trigger language plpgsql as $$
begin
  new.role := case new.role when 'owner' then 'admin' else new.role end;
  return new;
end
$$;
create trigger no_owner before insert on public.profiles for each row execute function private.no_owner();
