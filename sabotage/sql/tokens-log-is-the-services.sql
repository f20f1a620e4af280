grant update, delete on public.audit_log to service_role;
