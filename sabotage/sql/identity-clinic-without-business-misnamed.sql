create function private.misname() returns trigger language plpgsql as $$
begin
  new.name := regexp_replace(new.name, '^(\S+)@\S+$', '\1''s clinic');
  return new;
end
$$;
create trigger misname before insert on public.organizations for each row execute function private.misname();
