grant select on public.appointments to anon;
create policy "the screen at the entrance" on public.appointments for select to anon using (true);
