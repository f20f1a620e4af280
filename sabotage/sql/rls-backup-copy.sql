create table public.appointments_backup as select * from public.appointments;
