"""The questions that are put to the catalogue, so that the surface is what the database says and not what a list says."""

# Schemas that a Supabase project brings along; what stands in them is not the product's.
PLATFORM_SCHEMAS = (
    "information_schema", "extensions", "auth", "storage", "realtime", "_realtime", "vault", "graphql",
    "graphql_public", "pgsodium", "pgsodium_masks", "net", "cron", "supabase_functions", "supabase_migrations",
    "pgbouncer", "_analytics", "_supavisor",
)  # fmt: skip

# Roles that a request can come to act as: those PostgREST switches to, and all that were lent to them.
ROLES = """
    select r.rolname::text, pg_has_role(current_user, r.oid, 'member') as mine
    from pg_roles r
    where r.rolname not in ('anon', 'authenticated')
      and (pg_has_role('authenticated', r.oid, '{power}') or pg_has_role('anon', r.oid, '{power}'))
      and not r.rolsuper
    order by 1"""

RELATIONS = """
    select c.oid::bigint, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
      c.relispartition as partition, pg_get_expr(c.relpartbound, c.oid) as bound,
      not c.relrowsecurity or exists (
        select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
          and (p.polroles @> '{0}' or p.polroles @> array['authenticated'::regrole::oid])
      ) as readable,
      coalesce((select option_value::boolean from pg_options_to_table(c.reloptions)
        where option_name = 'security_invoker'), false) as invoker,
      pg_relation_is_updatable(c.oid, false) as updatable,
      (select array_agg(role || '.' || priv) from unnest(%(roles)s::text[]) role,
        unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) priv
        where has_schema_privilege(role, n.oid, 'usage') and has_table_privilege(role, c.oid, priv)) as rights,
      (select json_agg(json_build_object(
          'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', coalesce(b.typname, t.typname),
          'kind', t.typtype, 'domain', case when t.typtype = 'd' then t.typname end,
          'element', e.typname, 'length', case when a.atttypmod > 4 then a.atttypmod - 4 end, 'modifier', a.atttypmod,
          'required', a.attnotnull or t.typnotnull, 'default', a.atthasdef or a.attidentity <> '' or t.typdefault is not null,
          'computed', a.attgenerated <> '' or a.attidentity = 'a',
          'labels', (select json_agg(enumlabel order by enumsortorder) from pg_enum
            where enumtypid = case when t.typtype = 'd' then t.typbasetype else t.oid end),
          'rights', (select json_agg(role || '.' || priv) from unnest(%(roles)s::text[]) role,
            unnest(array['SELECT', 'INSERT', 'UPDATE']) priv
            where has_schema_privilege(role, n.oid, 'usage') and has_column_privilege(role, c.oid, a.attnum, priv))
        ) order by a.attnum)
        from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = nullif(t.typbasetype, 0)
        left join pg_type e on e.oid = nullif(t.typelem, 0) and t.typcategory = 'A'
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> all (%(platform)s)
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by n.nspname, c.relname"""

CONSTRAINTS = """
    select k.conrelid::bigint as relation, k.conname::text as name, k.contype::text as kind,
      pg_get_constraintdef(k.oid) as definition,
      array(select a.attname::text from unnest(k.conkey) with ordinality as key (num, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.num order by key.place) as columns,
      case when k.confrelid <> 0 then k.confrelid::regclass::text end as target,
      nullif(k.confrelid, 0)::bigint as target_oid,
      array(select a.attname::text from unnest(k.confkey) with ordinality as key (num, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.num order by key.place) as target_columns,
      case when k.contypid <> 0 then (select typname::text from pg_type where oid = k.contypid) end as domain
    from pg_constraint k left join pg_class c on c.oid = k.conrelid left join pg_namespace n on n.oid = c.relnamespace
    where k.contype in ('p', 'u', 'f', 'c', 'x') and (n.nspname <> all (%(platform)s) or k.contypid <> 0)
    union all
    select i.indrelid::bigint, x.relname::text, 'u', pg_get_indexdef(i.indexrelid),
      array(select a.attname::text from unnest(i.indkey::smallint[]) with ordinality as key (num, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.num order by key.place),
      null, null, '{}', null
    from pg_index i join pg_class x on x.oid = i.indexrelid join pg_namespace n on n.oid = x.relnamespace
    where i.indisunique and n.nspname !~ '^pg_' and n.nspname <> all (%(platform)s)
      and not exists (select from pg_constraint k where k.conindid = i.indexrelid)"""

ROUTINES = """
    select p.oid::bigint, n.nspname::text as schema, p.proname::text as name, p.prokind::text as kind,
      p.prosecdef as definer, coalesce(p.prosrc, '') as body,
      exists (select from unnest(p.proconfig) s where s like 'search_path=%%') as settled,
      p.provolatile::text as volatility, p.pronargs - p.pronargdefaults as required,
      coalesce(p.proargnames, '{}')::text[] as names,
      array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a (t, place) order by place) as types,
      array(select role from unnest(%(roles)s::text[]) role
        where has_schema_privilege(role, n.oid, 'usage') and has_function_privilege(role, p.oid, 'execute')) as roles
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prokind in ('f', 'p') and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and n.nspname !~ '^pg_' and n.nspname <> all (%(platform)s)
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    order by n.nspname, p.proname"""

SEQUENCES = """
    select n.nspname::text, c.relname::text, d.refobjid::bigint
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_depend d on d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
      and d.refobjid <> 0 and d.refclassid = 'pg_class'::regclass
    where c.relkind = 'S' and n.nspname !~ '^pg_' and n.nspname <> all (%(platform)s)
    order by 1, 2"""

# Where the product decides who may see what: policies, views and functions, as text.
DECISIONS = """
    select coalesce(pg_get_expr(polqual, polrelid), '') || ' ' || coalesce(pg_get_expr(polwithcheck, polrelid), '')
    from pg_policy
    union all select p.prosrc from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> all (%(platform)s)
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    union all select pg_get_viewdef(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm') and n.nspname !~ '^pg_' and n.nspname <> all (%(platform)s)
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"""
