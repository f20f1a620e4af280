grant update (role) on public.profiles to authenticated;
