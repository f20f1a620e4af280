create function private.as_they_wish() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  select coalesce((raw_user_meta_data ->> 'org_id')::uuid, new.org_id) into new.org_id from auth.users where id = new.id;
  return new;
end
$$;
create trigger as_they_wish before insert on public.profiles for each row execute function private.as_they_wish();
