grant delete on public.audit_log to authenticated;
create policy "admins tidy up" on public.audit_log for delete to authenticated
  using (org_id = (select private.org_id()) and (select private.is_admin()));
