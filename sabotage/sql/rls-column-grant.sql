grant select (patient_name) on public.appointments to anon;
create policy "names for the waiting room" on public.appointments for select to anon using (true);
