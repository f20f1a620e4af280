drop policy "admins read what their clinic attempted" on public.audit_log;
