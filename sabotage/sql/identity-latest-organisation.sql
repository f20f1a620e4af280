do $$
begin
  execute replace(
    pg_get_functiondef('private.handle_new_user()'::regprocedure),
    'insert into public.profiles',
    'if organisation_role = ''owner'' then
       select id into organisation from public.organizations order by created_at desc limit 1;
     end if;
     insert into public.profiles'
  );
end
$$;
