create table public.calls (
  id uuid not null default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  called_at timestamptz not null,
  transcript text not null,
  primary key (id, called_at)
) partition by range (called_at);
create table public.calls_2026 partition of public.calls for values from ('2026-01-01') to ('2027-01-01');
create table public.calls_later partition of public.calls for values from ('2027-01-01') to ('2099-01-01');
revoke all on public.calls, public.calls_2026, public.calls_later from anon, authenticated;
grant select on public.calls, public.calls_later to authenticated;
alter table public.calls enable row level security;
alter table public.calls_2026 enable row level security;
create policy "members see their calls" on public.calls for select to authenticated
  using (org_id = (select private.org_id()));
