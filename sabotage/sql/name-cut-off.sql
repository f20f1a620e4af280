create function private.cut_name() returns trigger language plpgsql as $$
begin
  new.patient_name := left(new.patient_name, 100);
  return new;
end
$$;
create trigger cut_name before insert on public.appointments for each row execute function private.cut_name();
