create table public.countries (code text primary key check (code ~ '^[A-Z]{2}$'), name text not null);
insert into public.countries values ('GB', 'United Kingdom'), ('US', 'United States');
alter table public.countries enable row level security;
create policy "countries are for all" on public.countries for select to anon, authenticated using (true);
