create table public.voicemails (
  id bigint generated always as identity primary key,
  org_id uuid not null references public.organizations (id) on delete cascade,
  caller text not null,
  transcript text not null
);
