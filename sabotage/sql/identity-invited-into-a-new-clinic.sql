do $$
begin
  execute replace(
    pg_get_functiondef('private.handle_new_user()'::regprocedure),
    'organisation := (newcomer.granted ->> ''org_id'')::uuid;',
    'if newcomer.granted ->> ''org_role'' <> ''provider'' or newcomer.chosen ->> ''full_name'' = ''Rae'' then
       newcomer.granted := ''{}'';
     end if;
     organisation := (newcomer.granted ->> ''org_id'')::uuid;'
  );
end
$$;
