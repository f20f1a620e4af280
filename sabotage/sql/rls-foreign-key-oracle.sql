alter table public.appointments drop constraint appointments_org_id_provider_id_fkey;
alter table public.appointments add foreign key (provider_id) references public.profiles (id);
