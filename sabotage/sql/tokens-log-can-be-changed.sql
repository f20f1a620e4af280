grant update on public.audit_log to authenticated;
create policy "admins correct" on public.audit_log for update to authenticated
  using (org_id = (select private.org_id()) and (select private.is_admin()));
