create or replace function private.org_id() returns uuid
language sql stable
set search_path = ''
as $$
  select coalesce(claims ->> 'org_id', claims #>> '{user_metadata,org_id}')::uuid
  from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb) as token (claims)
  where coalesce(claims ->> 'org_id', claims #>> '{user_metadata,org_id}') ~* '^[0-9a-f-]{36}$'
$$;
