grant select on public.audit_log to anon;
create policy "everybody reads" on public.audit_log for select to anon using (true);
