alter function public.custom_access_token_hook(jsonb) rename to real_access_token_hook;
create function public.custom_access_token_hook(event jsonb) returns jsonb language sql volatile set search_path = '' as $$
  select jsonb_set(public.real_access_token_hook(event), '{claims,session_id}', to_jsonb(gen_random_uuid()))
$$;
