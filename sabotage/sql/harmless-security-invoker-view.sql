create view public.upcoming with (security_invoker = true) as
  select id, org_id, patient_name, appointment_time from public.appointments where appointment_time > now();
