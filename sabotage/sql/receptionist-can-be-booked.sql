create or replace function private.lock_provider(provider uuid) returns uuid
language sql volatile security definer set search_path = ''
as $$ select id from public.profiles where id = provider and org_id = private.org_id() for update $$;
