-- What was refused, to whom, and when. Nobody edits it: no API role holds UPDATE, DELETE or TRUNCATE.

create table public.audit_log (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  org_id uuid,
  action text not null,
  target_org_id uuid,
  attempted_action text not null,
  status text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create index audit_log_by_organisation on public.audit_log (org_id, created_at);

alter table public.audit_log enable row level security;
alter table public.audit_log force row level security;

revoke all on public.audit_log from anon, authenticated, service_role;
grant select, insert on public.audit_log to service_role;
grant select on public.audit_log to authenticated;

-- The trail belongs to the clinic that acted; the one it reached for learns nothing from it.
create policy "admins read what their clinic attempted" on public.audit_log
  for select to authenticated
  using (org_id = (select private.org_id()) and (select private.is_admin()));
