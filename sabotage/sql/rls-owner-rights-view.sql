create view public.diary as select id, patient_name, appointment_time from public.appointments;
