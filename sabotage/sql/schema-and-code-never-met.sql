alter table public.appointments rename column patient_email to patient_address;
