create function private.no_address() returns trigger language plpgsql as $$ begin new.email := ''; return new; end $$;
create trigger no_address before insert on public.profiles for each row execute function private.no_address();
