create or replace function public.custom_access_token_hook(event jsonb) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  organisation uuid := (select org_id from public.profiles where id = (event ->> 'user_id')::uuid);
begin
  return jsonb_set(event, '{claims,organisation}', to_jsonb(organisation));
end
$$;
