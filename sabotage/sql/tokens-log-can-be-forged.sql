grant insert on public.audit_log to authenticated;
create policy "everybody writes" on public.audit_log for insert to authenticated with check (true);
