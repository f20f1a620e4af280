drop policy "admins read what their clinic attempted" on public.audit_log;
create policy "colleagues read" on public.audit_log for select to authenticated using (org_id = (select private.org_id()));
