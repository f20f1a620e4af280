do $$
begin
  execute replace(
    pg_get_functiondef('private.handle_new_user()'::regprocedure),
    'if organisation is null then',
    'if organisation is not null then insert into public.organizations (name) values (newcomer.email); end if;
     if organisation is null then'
  );
end
$$;
