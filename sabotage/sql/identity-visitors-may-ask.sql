grant select on public.organizations to anon;
