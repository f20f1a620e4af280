alter table public.appointments disable row level security;
