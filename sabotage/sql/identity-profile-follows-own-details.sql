create function private.follow_details() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.profiles set role = new.raw_user_meta_data ->> 'role'
  where id = new.id and new.raw_user_meta_data ->> 'role' in ('owner', 'admin', 'staff', 'provider');
  return null;
end
$$;
create trigger follow_details after update of raw_user_meta_data on auth.users
  for each row execute function private.follow_details();
