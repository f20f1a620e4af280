-- security definer, as the function reads profiles past the policies that call it.
create or replace function private.org_id() returns uuid
language sql stable security definer
set search_path = ''
as $$ select org_id from public.profiles where id = auth.uid() $$;
