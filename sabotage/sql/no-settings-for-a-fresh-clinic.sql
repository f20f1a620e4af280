create function private.lose_settings() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger lose_settings before insert on public.clinic_settings
  for each row execute function private.lose_settings();
