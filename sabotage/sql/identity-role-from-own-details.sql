alter function public.custom_access_token_hook(jsonb) rename to real_access_token_hook;
create function public.custom_access_token_hook(event jsonb) returns jsonb language plpgsql stable set search_path = '' as $$
declare
  chosen jsonb := event #> '{claims,user_metadata,role}';
  answer jsonb := public.real_access_token_hook(event);
begin
  return case when chosen is null then answer else jsonb_set(answer, '{claims,org_role}', chosen) end;
end
$$;
