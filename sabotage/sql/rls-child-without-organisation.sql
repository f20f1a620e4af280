create table public.appointment_notes (
  id uuid primary key default gen_random_uuid(),
  appointment_id uuid not null references public.appointments (id) on delete cascade,
  note text not null
);
alter table public.appointment_notes enable row level security;
create policy "staff read notes" on public.appointment_notes for select to authenticated using (true);
