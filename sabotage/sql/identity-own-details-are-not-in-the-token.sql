alter function public.custom_access_token_hook(jsonb) rename to plain_hook;
create function public.custom_access_token_hook(event jsonb) returns jsonb language sql stable set search_path = '' as $$
  select public.plain_hook(event) #- '{claims,user_metadata}'
$$;
revoke execute on function public.custom_access_token_hook(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.custom_access_token_hook(jsonb) to supabase_auth_admin;
