create function private.misname() returns trigger language plpgsql as $$ begin new.name := lower(new.name); return new; end $$;
create trigger misname before insert on public.organizations for each row execute function private.misname();
