create materialized view public.busiest_days as
  select appointment_time::date as day, count(*) as appointments from public.appointments group by 1;
