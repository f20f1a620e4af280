create view public.how_busy as select count(*) as appointments, min(duration_minutes) as shortest from public.appointments;
