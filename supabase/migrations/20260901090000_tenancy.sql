-- Organisations, the people in them, and how a token comes to carry its organisation.

create extension if not exists btree_gist with schema extensions;
create extension if not exists vector with schema extensions;

-- Helpers of policies live outside the exposed schema, so that nobody can call them over REST.
create schema private;
grant usage on schema private to authenticated, service_role;

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(btrim(name)) between 1 and 200),
  created_at timestamptz not null default now()
);

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  org_id uuid not null references public.organizations (id) on delete cascade,
  email text not null,
  full_name text not null default '',
  role text not null check (role in ('owner', 'admin', 'staff', 'provider')),
  created_at timestamptz not null default now(),
  unique (org_id, id)
);

create table public.clinic_settings (
  org_id uuid primary key references public.organizations (id) on delete cascade,
  timezone text not null default 'UTC'
    check (('2000-01-01 00:00:00+00'::timestamptz at time zone timezone) is not null),
  google_calendar_id text check (char_length(google_calendar_id) between 1 and 300),
  opening_time time not null default '09:00',
  closing_time time not null default '17:00',
  slot_minutes integer not null default 30 check (slot_minutes between 5 and 480),
  updated_at timestamptz not null default now(),
  check (opening_time < closing_time)
);

-- A claim that is no uuid belongs to no organisation: it selects nothing instead of failing the statement.
create function private.org_id() returns uuid
language sql stable
set search_path = ''
as $$
  select case
    when claim ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then claim::uuid
  end
  from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'org_id') as token (claim)
$$;

-- The role is read from the profile, not from the token: a demoted admin stops being one at once.
-- security definer because a policy on profiles that reads profiles would recurse.
create function private.is_admin() returns boolean
language sql stable security definer
set search_path = ''
as $$
  select exists (
    select from public.profiles
    where id = auth.uid() and org_id = private.org_id() and role in ('owner', 'admin')
  )
$$;

revoke execute on function private.org_id(), private.is_admin() from public;
grant execute on function private.org_id(), private.is_admin() to authenticated, service_role;

alter table public.organizations enable row level security;
alter table public.organizations force row level security;
alter table public.profiles enable row level security;
alter table public.profiles force row level security;
alter table public.clinic_settings enable row level security;
alter table public.clinic_settings force row level security;

revoke all on public.organizations, public.profiles, public.clinic_settings from anon, authenticated, service_role;
grant select, insert, update, delete on public.organizations, public.profiles, public.clinic_settings to service_role;
grant select on public.organizations, public.profiles, public.clinic_settings to authenticated;
grant update (name) on public.organizations to authenticated;
grant update (full_name) on public.profiles to authenticated;
grant update (timezone, google_calendar_id, opening_time, closing_time, slot_minutes)
  on public.clinic_settings to authenticated;

create policy "members see their organisation" on public.organizations
  for select to authenticated using (id = (select private.org_id()));
create policy "admins rename their organisation" on public.organizations
  for update to authenticated
  using (id = (select private.org_id()) and (select private.is_admin()))
  with check (id = (select private.org_id()));

create policy "members see their colleagues" on public.profiles
  for select to authenticated using (org_id = (select private.org_id()));
create policy "members edit their own profile" on public.profiles
  for update to authenticated
  using (id = (select auth.uid()) and org_id = (select private.org_id()))
  with check (id = (select auth.uid()) and org_id = (select private.org_id()));

create policy "members see their clinic's settings" on public.clinic_settings
  for select to authenticated using (org_id = (select private.org_id()));
create policy "admins change their clinic's settings" on public.clinic_settings
  for update to authenticated
  using (org_id = (select private.org_id()) and (select private.is_admin()))
  with check (org_id = (select private.org_id()));

create function private.touch_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create trigger touch_updated_at before update on public.clinic_settings
  for each row execute function private.touch_updated_at();

-- Runs inside Auth's own transaction: when it fails, the sign-up fails and leaves no user.
-- Deferred to its commit, because Auth inserts a user first and writes the app_metadata of an invited one after.
-- Only raw_app_meta_data, which no user can write, says that somebody joins instead of founding.
create function private.handle_new_user() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  newcomer record;
  organisation uuid;
  organisation_role text;
begin
  select id, email, raw_app_meta_data as granted, raw_user_meta_data as chosen into newcomer
  from auth.users where id = new.id;
  if not found then
    return null;
  end if;
  organisation := (newcomer.granted ->> 'org_id')::uuid;
  organisation_role := coalesce(newcomer.granted ->> 'org_role', 'staff');
  if organisation is null then
    organisation_role := 'owner';
    insert into public.organizations (name)
    values (left(coalesce(nullif(btrim(newcomer.chosen ->> 'business_name'), ''), newcomer.email), 200))
    returning id into organisation;
    insert into public.clinic_settings (org_id) values (organisation);
  end if;
  insert into public.profiles (id, org_id, email, full_name, role)
  values (
    newcomer.id, organisation, newcomer.email,
    coalesce(left(newcomer.chosen ->> 'full_name', 200), ''), organisation_role
  );
  return null;
end
$$;

create constraint trigger on_auth_user_created after insert on auth.users
  deferrable initially deferred
  for each row execute function private.handle_new_user();

create function private.handle_changed_address() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  update public.profiles set email = new.email where id = new.id;
  return new;
end
$$;

create trigger on_auth_user_address_changed after update of email on auth.users
  for each row when (old.email is distinct from new.email)
  execute function private.handle_changed_address();

revoke execute on function private.touch_updated_at(), private.handle_new_user(), private.handle_changed_address()
  from public;

-- The custom access token hook: org_id and org_role enter every token that Auth issues.
create function public.custom_access_token_hook(event jsonb) returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  claims jsonb := (event -> 'claims') - 'org_id' - 'org_role';
  member record;
begin
  select org_id, role into member from public.profiles where id = (event ->> 'user_id')::uuid;
  if found then
    claims := claims || jsonb_build_object('org_id', member.org_id, 'org_role', member.role);
  end if;
  return jsonb_set(event, '{claims}', claims);
end
$$;

revoke execute on function public.custom_access_token_hook(jsonb) from public, anon, authenticated, service_role;
grant usage on schema public to supabase_auth_admin;
grant execute on function public.custom_access_token_hook(jsonb) to supabase_auth_admin;
grant select on public.profiles to supabase_auth_admin;
create policy "auth reads the organisation of a user" on public.profiles
  for select to supabase_auth_admin using (true);
