grant trigger on public.appointments to authenticated;
