grant update, delete on public.audit_log to authenticated;
create policy "admins tidy the log" on public.audit_log
  for all to authenticated using (org_id = (select private.org_id()) and (select private.is_admin()));
