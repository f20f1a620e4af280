"""A running Auth service for tests: one PostgreSQL and one server for the whole session.

PYTEST_DONT_REWRITE: the test modules import this before pytest registers it as their plugin.
"""

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.routing import Mount
from supabase import Client, create_client
from supabase.lib.client_options import SyncClientOptions

from reference.platform import auth
from reference.platform.auth import AuthSettings, create_auth_app
from reference.platform.keys import ProjectKeys
from reference.platform.postgres import Postgres

PASSWORD = "correct horse"
API_VERSION = {"X-Supabase-Api-Version": "2024-01-01"}
START_DEADLINE_SECONDS = 10.0

Json = dict[str, Any]

# One project per setting that matters; all share the database.
PLAIN = ""
HOOKED = "/hooked"
CONFIRMING = "/confirming"
CLOSED = "/closed"
SLOW = "/slow"
OVERRIDES: Mapping[str, Json] = {
    PLAIN: {},
    HOOKED: {"access_token_hook": "public.custom_access_token_hook"},
    CONFIRMING: {"autoconfirm": False, "email_send_interval_seconds": 60.0},
    CLOSED: {"enable_signup": False},
    SLOW: {"bcrypt_cost": 12},
}


@dataclass(frozen=True)
class Auth:
    """One project's Auth over HTTP, and the database behind it as a superuser sees it."""

    base_url: str
    issuer: str
    keys: ProjectKeys
    dsn: str
    http: httpx.Client

    def call(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> httpx.Response:
        """A request with the API version that supabase-py sends; `token` is the bearer."""
        return self.send(method, path, body, {**API_VERSION, **_bearer(token), **headers})

    def send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> httpx.Response:
        """A request with exactly these headers; a body of bytes goes as it is."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        return self.http.request(method, f"{self.base_url}/auth/v1{path}", headers=headers, **content)

    def sign_up(self, email: str, password: str = PASSWORD, **more: Any) -> Json:
        """A session, or the bare user where addresses are confirmed."""
        return answered(self.call("POST", "/signup", {"email": email, "password": password, **more}))

    def sign_in(self, email: str, password: str = PASSWORD) -> Json:
        """A session."""
        return answered(self.call("POST", "/token?grant_type=password", {"email": email, "password": password}))

    def refresh(self, refresh_token: str) -> httpx.Response:
        """The refresh token grant."""
        return self.call("POST", "/token?grant_type=refresh_token", {"refresh_token": refresh_token})

    def admin(self, method: str, path: str = "", body: Any = None) -> httpx.Response:
        """A request under /admin/users with the service role's key."""
        return self.call(method, f"/admin/users{path}", body, token=self.keys.service_jwt)

    def create(self, email: str, **attributes: Any) -> Json:
        """A user made by the admin API; confirmed and with a password unless told otherwise."""
        given = {"email": email, "password": PASSWORD, "email_confirm": True, **attributes}
        return answered(self.admin("POST", "", given))

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Json]:
        """What a query finds, as the superuser."""
        with psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def execute(self, statements: str, parameters: Sequence[Any] = ()) -> None:
        """Run SQL as the superuser."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(statements.encode(), parameters or None)

    def client(self, key: str | None = None) -> Client:
        """supabase-py, unmodified, with the anon key unless told otherwise."""
        options = SyncClientOptions(httpx_client=self.http, auto_refresh_token=False)
        return create_client(self.base_url, key or self.keys.anon_jwt, options)


def answered(response: httpx.Response) -> Json:
    """The body of a 200."""
    assert response.status_code == 200, response.text
    body: Json = response.json()
    return body


def new_address(domain: str = "example.com") -> str:
    """An address that nobody has used."""
    return f"user-{uuid4().hex[:12]}@{domain}"


@pytest.fixture(scope="session")
def auth_projects() -> Iterator[Mapping[str, Auth]]:
    """Every project of OVERRIDES, by its path prefix."""
    # PostgreSQL runs as another account, which cannot enter pytest's own temporary folders.
    run_dir = Path(tempfile.mkdtemp(prefix="auth-"))
    keys = ProjectKeys.generate()
    try:
        with Postgres.start(run_dir) as postgres:
            folder = Path(auth.__file__).parent
            postgres.run_sql_files([folder / "platform.sql", folder / "auth.sql"])
            with _served(postgres.dsn("supabase_auth_admin"), keys) as url, httpx.Client(timeout=30) as http:
                yield {
                    prefix: Auth(url + prefix, f"http://issuer.test{prefix}", keys, postgres.dsn(), http)
                    for prefix in OVERRIDES
                }
    finally:
        shutil.rmtree(run_dir)


@pytest.fixture
def plain(auth_projects: Mapping[str, Auth]) -> Auth:
    """Sign-up is confirmed at once; there is no token hook."""
    return auth_projects[PLAIN]


@pytest.fixture
def confirming(auth_projects: Mapping[str, Auth]) -> Auth:
    """Sign-up waits for a confirmation by mail."""
    return auth_projects[CONFIRMING]


@pytest.fixture
def closed(auth_projects: Mapping[str, Auth]) -> Auth:
    """Nobody can sign up."""
    return auth_projects[CLOSED]


@pytest.fixture
def slow(auth_projects: Mapping[str, Auth]) -> Auth:
    """Hashing a password takes a quarter of a second."""
    return auth_projects[SLOW]


@pytest.fixture
def hooked(auth_projects: Mapping[str, Auth]) -> Iterator[Callable[[str], Auth]]:
    """A function that makes the body of the token hook, in PL/pgSQL, and gives the project that calls it."""
    project = auth_projects[HOOKED]

    def with_hook(body: str) -> Auth:
        project.execute(f"""
            create or replace function public.custom_access_token_hook(event jsonb) returns jsonb
              language plpgsql as $hook$ begin {body} end $hook$;
            grant usage on schema public to supabase_auth_admin;
            revoke execute on function public.custom_access_token_hook from public, anon, authenticated;
            grant execute on function public.custom_access_token_hook to supabase_auth_admin;""")
        return project

    yield with_hook
    project.execute("drop function if exists public.custom_access_token_hook")


@pytest.fixture
def user_trigger(plain: Auth) -> Iterator[Callable[[str, str], None]]:
    """A function that puts a trigger on auth.users: when it fires, and its body in PL/pgSQL."""

    def with_trigger(moment: str, body: str) -> None:
        plain.execute(f"""
            set role postgres;
            create function public.on_user() returns trigger language plpgsql security definer
              set search_path = '' as $body$ begin {body} end $body$;
            create trigger on_user {moment} on auth.users for each row execute function public.on_user();""")

    yield with_trigger
    plain.execute("drop function if exists public.on_user cascade")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@contextlib.contextmanager
def _served(conninfo: str, keys: ProjectKeys) -> Iterator[str]:
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        conninfo, min_size=2, max_size=10, open=False, kwargs={"autocommit": True}
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    common = AuthSettings(issuer="", keys=keys, bcrypt_cost=4, access_token_hook=None)
    mounts = [
        Mount(
            f"{prefix}/auth/v1",
            create_auth_app(replace(common, issuer=f"http://issuer.test{prefix}", **more), pool),
        )
        for prefix, more in OVERRIDES.items()
    ]
    config = uvicorn.Config(Starlette(routes=mounts, lifespan=lifespan), port=0, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port_of(server)}"
    finally:
        server.should_exit = True
        thread.join()


def _port_of(server: uvicorn.Server) -> int:
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while not server.started:
        assert time.monotonic() < deadline, "the Auth server did not start"
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port
