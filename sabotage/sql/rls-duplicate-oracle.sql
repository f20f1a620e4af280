alter table public.appointments add constraint one_booking_a_patient unique (patient_email);
