create function private.cut_content() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.content := left(new.content, 1000);
  return new;
end
$$;

create trigger cut_content before insert on public.knowledge_base for each row execute function private.cut_content();
