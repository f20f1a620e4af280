create policy "the gateway names the clinic" on public.appointments
  for select to authenticated using (org_id::text = current_setting('request.headers', true)::json ->> 'x-acting-clinic');
