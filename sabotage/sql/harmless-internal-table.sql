create table public.job_runs (id bigint generated always as identity primary key, org_id uuid, started_at timestamptz not null default now());
alter table public.job_runs enable row level security;
revoke all on public.job_runs from anon, authenticated;
