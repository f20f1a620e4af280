do $$
begin
  execute replace(
    pg_get_functiondef('private.handle_new_user()'::regprocedure),
    'nullif(btrim(newcomer.chosen ->> ''business_name''), '''')', 'newcomer.chosen ->> ''business_name'''
  );
end
$$;
