do $$
begin
  execute replace(
    pg_get_functiondef('private.handle_new_user()'::regprocedure),
    'if organisation is null then', 'if organisation is null then return null; end if; if organisation is null then'
  );
end
$$;
alter function public.custom_access_token_hook(jsonb) rename to real_access_token_hook;
create function public.custom_access_token_hook(event jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  newcomer auth.users;
  organisation uuid;
begin
  select * into newcomer from auth.users where id = (event ->> 'user_id')::uuid;
  if not exists (select from public.profiles where id = newcomer.id) then
    insert into public.organizations (name)
    values (coalesce(nullif(btrim(newcomer.raw_user_meta_data ->> 'business_name'), ''), newcomer.email))
    returning id into organisation;
    insert into public.clinic_settings (org_id) values (organisation);
    insert into public.profiles (id, org_id, email, role) values (newcomer.id, organisation, newcomer.email, 'owner');
  end if;
  return public.real_access_token_hook(event);
end
$$;
