create or replace function private.handle_new_user() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.organisations (name) values (new.email);
  return null;
end
$$;
