alter function public.custom_access_token_hook(jsonb) rename to real_access_token_hook;
create function public.custom_access_token_hook(event jsonb) returns jsonb language sql stable set search_path = '' as $$
  select public.real_access_token_hook(event) #- '{claims,iss}'
$$;
