do $$
begin
  execute replace(
    pg_get_functiondef('private.handle_new_user()'::regprocedure),
    'insert into public.profiles',
    'if organisation_role = ''owner'' then
       perform pg_sleep(random() * 0.1); -- or sign-ups would end in the order in which they began, and prove it right
       select id into organisation from public.organizations order by created_at desc limit 1;
     end if;
     insert into public.profiles'
  );
end
$$;
