"""The project's one URL, as the unmodified supabase client and a bare HTTP client see it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from postgrest import APIResponse, CountMethod
from postgrest.exceptions import APIError
from supabase import Client, create_client
from supabase.lib.client_options import SyncClientOptions

from tests.stack_support import ROOT


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    argv = [sys.executable, "-m", "reference", "--attached"]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stack:
        assert stack.stdin is not None
        assert stack.stdout is not None
        yield json.loads(stack.stdout.readline())
        stack.stdin.close()


@pytest.fixture(scope="module")
def http(settings: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=settings["SUPABASE_URL"], trust_env=False) as client:
        yield client


Clients = Callable[[str], Client]
Row = dict[str, Any]


def rows(answer: APIResponse) -> list[Row]:
    return cast(list[Row], answer.data)


@pytest.fixture
def client(settings: dict[str, str]) -> Iterator[Clients]:
    """A supabase client by the name of its key; all share one connection pool, closed with the test."""
    with httpx.Client(verify=False, trust_env=False) as pool:
        options = SyncClientOptions(auto_refresh_token=False, httpx_client=pool)
        yield lambda key: create_client(settings["SUPABASE_URL"], settings[key], options)


@pytest.mark.parametrize("path", ["/rest/v1/organizations", "/auth/v1/user", "/auth/v1/admin/users"])
def test_a_missing_key_and_a_wrong_key_are_told_apart(http: httpx.Client, path: str) -> None:
    missing, wrong = http.get(path), http.get(path, headers={"apikey": "sb_secret_wrong"})
    assert (missing.status_code, missing.json()["message"]) == (401, "No API key found in request")
    assert (wrong.status_code, wrong.json()) == (401, {"message": "Invalid API key"})


@pytest.mark.parametrize("path", ["/auth/v1/health", "/auth/v1/.well-known/jwks.json"])
def test_what_is_open_needs_no_key(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 200


def test_a_key_may_stand_in_the_query(http: httpx.Client, settings: dict[str, str]) -> None:
    assert http.get("/rest/v1/", params={"apikey": settings["SECRET_KEY"]}).status_code == 200


def test_the_secret_key_sees_rows_and_the_publishable_key_is_refused(client: Clients) -> None:
    table = client("SECRET_KEY").table("organizations")
    made = rows(table.insert({"name": "Harbour Dental"}).execute())
    seen = table.select("*", count=CountMethod.exact).eq("id", made[0]["id"]).execute()
    assert (rows(seen), seen.count) == (made, 1)
    with pytest.raises(APIError) as refusal:
        client("PUBLISHABLE_KEY").table("organizations").select("*").execute()
    assert refusal.value.code == "42501"


def test_the_whole_journey_of_a_user(client: Clients) -> None:
    user = client("PUBLISHABLE_KEY")
    email, password = f"{uuid4().hex}@example.com", "correct horse"
    signed_up = user.auth.sign_up(
        {"email": email, "password": password, "options": {"data": {"business_name": "Mine"}}}
    )
    assert signed_up.user is not None
    assert [row["name"] for row in rows(user.table("organizations").select("*").execute())] == ["Mine"]
    user.auth.sign_out()
    signed_in = user.auth.sign_in_with_password({"email": email, "password": password})
    assert signed_in.session is not None
    refreshed = user.auth.refresh_session(signed_in.session.refresh_token)
    assert refreshed.session is not None
    got = user.auth.get_user(refreshed.session.access_token)
    assert got is not None
    assert got.user.id == signed_up.user.id
    claims = user.auth.get_claims(refreshed.session.access_token)
    assert claims is not None
    own = rows(user.table("profiles").select("org_id, role").execute())
    assert [(row["org_id"], row["role"]) for row in own] == [(cast(Row, claims["claims"])["org_id"], "owner")]


def test_a_function_that_is_not_exposed_is_not_there(client: Clients) -> None:
    with pytest.raises(APIError) as refusal:
        client("SECRET_KEY").rpc("lock_provider", {"provider": str(uuid4())}).execute()
    assert refusal.value.code == "PGRST202"


def test_reserved_characters_reach_postgrest_as_sent(client: Clients) -> None:
    name = f"A/B, (C) & 50% «é» {uuid4().hex}"
    secret = client("SECRET_KEY")
    secret.table("organizations").insert({"name": name}).execute()
    found = rows(secret.table("organizations").select("name").eq("name", name).execute())
    assert [row["name"] for row in found] == [name]
