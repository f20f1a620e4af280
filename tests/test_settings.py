"""The settings' ladder, and the refusal to write where it was not allowed."""

from pathlib import Path

import pytest

from acceptance.errors import CannotRun
from acceptance.settings import read_settings
from acceptance.target import open_target

REMOTE = {
    "target": "remote",
    "supabase_url": "http://127.0.0.1:54321",
    "publishable_key": "sb_publishable_x",
    "secret_key": "sb_secret_x",
    "database_url": "postgresql://postgres:postgres@127.0.0.1:54322/postgres",
    "api_url": "http://127.0.0.1:8000",
}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("ACCEPTANCE_TARGET", "ACCEPTANCE_DIALECT", "ACCEPTANCE_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_flag_beats_environment_beats_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "acceptance.toml").write_text('dialect = "flat"\napi_url = "file"\ntarget = "file"\n')
    monkeypatch.setenv("ACCEPTANCE_API_URL", "environment")
    monkeypatch.setenv("ACCEPTANCE_TARGET", "environment")
    assert read_settings({"target": "flag"}) == {"dialect": "flat", "api_url": "environment", "target": "flag"}


def test_an_empty_value_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCEPTANCE_DIALECT", "")
    assert read_settings({}) == {}


def test_a_wrong_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(CannotRun, match="Did you mean `dialect`"):
        read_settings({"dialekt": "flat"})


def test_a_file_that_is_no_toml_is_one_sentence(empty_folder: Path) -> None:
    (empty_folder / "acceptance.toml").write_text("dialect = flat")
    with pytest.raises(CannotRun, match=r"acceptance\.toml cannot be read"):
        read_settings({})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"target": "staging"}, "There is no target `staging`"),
        ({"api_url": ""}, "lacks ACCEPTANCE_API_URL"),
        ({"dialect": "morse"}, "There is no dialect `morse`"),
        ({"patience": "long"}, "`patience` should be a number of seconds above 0, and is `long`"),
        ({"patience": "0"}, "should be a number of seconds above 0"),
        ({"patience": "inf"}, "should be a number of seconds above 0"),
        ({"calendar_service_account": "nowhere.json"}, "neither a service account's JSON nor the path"),
        ({"supabase_url": "https://abc.supabase.co"}, r"add abc\.supabase\.co to `allow_writes_to`"),
        ({"api_url": "https://api.example.com"}, r"add api\.example\.com"),
        ({"database_url": "postgresql://u@db.example.com/x"}, r"add db\.example\.com"),
        ({"database_url": "host=db.example.com dbname=x"}, r"add db\.example\.com"),
        ({"supabase_url": "https://abc.supabase.co", "allow_writes_to": "other.example.com"}, r"add abc\.supabase\.co"),
    ],
)
def test_a_bad_target_is_one_sentence(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotRun, match=sentence), open_target({**REMOTE, **changes}):
        pass


def test_a_remote_target_needs_no_more_than_five_settings() -> None:
    with open_target(REMOTE) as target:
        assert target.dialects == ("tool-calls", "flat")
        assert target.calendar is None
        assert target.org_claim == ("org_id",)


def test_a_named_host_may_be_written_to() -> None:
    flags = {**REMOTE, "api_url": "https://api.example.com", "allow_writes_to": "api.example.com, db.example.com"}
    with open_target(flags) as target:
        assert target.api_url == "https://api.example.com"


def test_no_secret_is_in_the_repr() -> None:
    account = '{"private_key": "PRIVATE", "client_email": "x@y"}'
    with open_target({**REMOTE, "jwt_secret": "hush-hush", "calendar_service_account": account}) as target:
        assert not [secret for secret in (*target.secrets, "postgres:postgres") if secret in repr(target)]
