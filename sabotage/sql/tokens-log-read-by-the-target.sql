create policy "targets read" on public.audit_log for select to authenticated
  using (target_org_id = (select private.org_id()) and (select private.is_admin()));
