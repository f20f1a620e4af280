-- The diary: appointments, the rule that none overlap, and the outbox to Google Calendar.

create function private.appointment_range(starts_at timestamptz, minutes integer) returns tstzrange
language sql immutable
set search_path = ''
as $$ select tstzrange(starts_at, starts_at + make_interval(mins => minutes), '[)') $$;

create table public.appointments (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  provider_id uuid not null,
  patient_name text not null check (char_length(btrim(patient_name)) between 1 and 200),
  patient_email text not null check (char_length(patient_email) between 3 and 320),
  appointment_time timestamptz not null,
  duration_minutes integer not null check (duration_minutes between 5 and 480),
  during tstzrange generated always as (private.appointment_range(appointment_time, duration_minutes)) stored,
  status text not null default 'confirmed'
    check (status in ('pending', 'confirmed', 'completed', 'no_show', 'cancelled')),
  idempotency_key text check (char_length(idempotency_key) between 1 and 400),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, id),
  unique (org_id, idempotency_key),
  -- Together with org_id, so that a neighbour's provider is as unknown as one that does not exist.
  foreign key (org_id, provider_id) references public.profiles (org_id, id),
  -- org_id first for the same reason: a neighbour's diary must not answer through a conflict.
  constraint appointments_no_overlap exclude using gist (
    org_id extensions.gist_uuid_ops with =,
    provider_id extensions.gist_uuid_ops with =,
    during with &&
  ) where (status <> 'cancelled')
);

create index appointments_by_provider on public.appointments (org_id, provider_id, appointment_time);

create trigger touch_updated_at before update on public.appointments
  for each row execute function private.touch_updated_at();

create table public.calendar_events (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  appointment_id uuid not null unique,
  google_event_id text not null unique,
  status text not null default 'pending' check (status in ('pending', 'synced', 'failed')),
  revision integer not null default 1,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  leased_until timestamptz,
  last_error text,
  synced_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (org_id, appointment_id) references public.appointments (org_id, id) on delete cascade
);

create index calendar_events_due on public.calendar_events (next_attempt_at) where status = 'pending';

create trigger touch_updated_at before update on public.calendar_events
  for each row execute function private.touch_updated_at();

-- Lower-case base32hex of the sixteen bytes, as Google Calendar wants a client-chosen event id (Event.id).
create function private.google_event_id(appointment uuid) returns text
language sql immutable
set search_path = ''
as $$
  select string_agg(
    substr('0123456789abcdefghijklmnopqrstuv', 1 + substring(bits from 1 + 5 * position for 5)::bit(5)::integer, 1),
    '' order by position
  )
  from (select ('x' || replace(appointment::text, '-', '') || '00')::bit(136)) as padded (bits),
    generate_series(0, 25) as position
$$;

-- The event is asked for in the booking's own transaction: no booking without it, none without a booking.
create function private.queue_calendar_event() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  insert into public.calendar_events as event (org_id, appointment_id, google_event_id)
  values (new.org_id, new.id, private.google_event_id(new.id))
  on conflict (appointment_id) do update set
    status = 'pending', revision = event.revision + 1, attempts = 0, next_attempt_at = now(), last_error = null;
  perform pg_notify('calendar_events', '');
  return new;
end
$$;

create trigger queue_new_appointment after insert on public.appointments
  for each row execute function private.queue_calendar_event();
create trigger queue_changed_appointment
  after update of provider_id, patient_name, patient_email, appointment_time, duration_minutes, status
  on public.appointments
  for each row when (old.* is distinct from new.*)
  execute function private.queue_calendar_event();

-- Locking appointments cannot protect a slot that holds none, so the provider's own row is the lock.
-- security definer because FOR UPDATE needs the right to change the row, which a receptionist has not.
-- Answers only for a provider of the caller's own organisation; returns null for everybody else's.
create function private.lock_provider(provider uuid) returns uuid
language sql volatile security definer
set search_path = ''
as $$
  select id from public.profiles
  where id = provider and org_id = private.org_id() and role = 'provider'
  for update
$$;

revoke execute on function private.appointment_range(timestamptz, integer), private.google_event_id(uuid),
  private.queue_calendar_event(), private.lock_provider(uuid) from public;
grant execute on function private.appointment_range(timestamptz, integer) to authenticated, service_role;
grant execute on function private.lock_provider(uuid) to authenticated;

alter table public.appointments enable row level security;
alter table public.appointments force row level security;
alter table public.calendar_events enable row level security;
alter table public.calendar_events force row level security;

revoke all on public.appointments, public.calendar_events from anon, authenticated, service_role;
grant select, insert, update, delete on public.appointments, public.calendar_events to service_role;
-- Appointments are cancelled, never deleted, so that the calendar always hears of it.
grant select on public.appointments, public.calendar_events to authenticated;
grant insert (org_id, provider_id, patient_name, patient_email, appointment_time, duration_minutes, idempotency_key)
  on public.appointments to authenticated;
grant update (provider_id, patient_name, patient_email, appointment_time, duration_minutes, status)
  on public.appointments to authenticated;

create policy "members see their diary" on public.appointments
  for select to authenticated using (org_id = (select private.org_id()));
create policy "members write in their diary" on public.appointments
  for insert to authenticated with check (org_id = (select private.org_id()));
create policy "members change their diary" on public.appointments
  for update to authenticated
  using (org_id = (select private.org_id()))
  with check (org_id = (select private.org_id()));

create policy "members see their calendar's state" on public.calendar_events
  for select to authenticated using (org_id = (select private.org_id()));
