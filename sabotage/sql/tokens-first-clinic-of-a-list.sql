create or replace function private.org_id() returns uuid
language sql stable
set search_path = ''
as $$
  select case
    when claim ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then claim::uuid
  end
  from (
    select coalesce(claims #>> '{org_id,0}', claims ->> 'org_id')
    from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb) as token (claims)
  ) as named (claim)
$$;
