grant select on public.profiles to anon;
create policy "visitors see" on public.profiles for select to anon using (true);
