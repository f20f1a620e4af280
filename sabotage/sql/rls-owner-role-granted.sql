create role clinic_app nologin;
grant clinic_app to postgres;
grant create on schema public to clinic_app;
alter table public.appointments owner to clinic_app;
revoke create on schema public from clinic_app;
grant clinic_app to authenticated;
