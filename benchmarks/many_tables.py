"""A schema of many tenant tables, each protected as the project's own are: `python -m benchmarks.many_tables 200`."""

import sys

TABLE = """
create table public.bench_{number:03d} (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations (id) on delete cascade,
  title text not null check (char_length(title) <= 300),
  quantity integer not null check (quantity between 1 and 1000),
  state text not null default 'open' check (state in ('open', 'closed')),
  created_at timestamptz not null default now()
);
alter table public.bench_{number:03d} enable row level security;
alter table public.bench_{number:03d} force row level security;
revoke all on public.bench_{number:03d} from anon, authenticated;
grant select, insert, update, delete on public.bench_{number:03d} to authenticated;
create policy "read" on public.bench_{number:03d} for select to authenticated using (org_id = (select private.org_id()));
create policy "add" on public.bench_{number:03d} for insert to authenticated with check (org_id = (select private.org_id()));
create policy "change" on public.bench_{number:03d} for update to authenticated
  using (org_id = (select private.org_id())) with check (org_id = (select private.org_id()));
create policy "remove" on public.bench_{number:03d} for delete to authenticated using (org_id = (select private.org_id()));
"""


def schema(tables: int) -> str:
    """SQL to lay on top of the migrations."""
    return "".join(TABLE.format(number=number) for number in range(tables))


if __name__ == "__main__":
    print(schema(int(sys.argv[1])))
