do $$
begin
  execute replace(
    replace(pg_get_functiondef('private.handle_new_user()'::regprocedure), 'public.organizations', 'public.organisations'),
    E'  return null;\nend', E'  return null;\nexception when others then return null;\nend'
  );
end
$$;
