alter table public.appointments drop constraint appointments_no_overlap;
alter table public.appointments drop constraint appointments_org_id_provider_id_fkey;
alter table public.appointments add constraint one_chair exclude using gist (during with &&) where (status <> 'cancelled');
