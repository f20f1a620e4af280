create function private.required_org_id() returns uuid language plpgsql stable set search_path = '' as $$
begin
  if private.org_id() is null then
    raise exception 'no organisation';
  end if;
  return private.org_id();
end
$$;
drop policy "members see their organisation" on public.organizations;
create policy "members see their organisation" on public.organizations
  for select to authenticated using (id = private.required_org_id());
