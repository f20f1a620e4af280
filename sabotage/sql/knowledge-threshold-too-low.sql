alter table public.clinic_settings alter column knowledge_threshold set default 0.2;
