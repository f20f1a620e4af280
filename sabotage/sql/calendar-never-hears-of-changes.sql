drop trigger queue_changed_appointment on public.appointments;
