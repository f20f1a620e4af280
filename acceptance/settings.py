"""Settings by one ladder: `-D name=value`, then ACCEPTANCE_NAME, then acceptance.toml, then the default."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from acceptance.errors import CannotRun

PREFIX = "ACCEPTANCE_"
FILE = Path("acceptance.toml")

KNOWN = {
    "target": "which system is under test: embedded or remote",
    "supabase_url": "the project's URL",
    "publishable_key": "the project's publishable (anon) key",
    "secret_key": "the project's secret (service role) key",
    "database_url": "a PostgreSQL connection string of a role that sees every row",
    "api_url": "the backend's URL",
    "jwt_secret": "the HS256 secret, where tokens may be minted for tests",
    "dialect": "tool-calls, flat or both",
    "org_claim": "where the token carries the organisation, dots between levels",
    "calendar_endpoint": "a Calendar API base URL ending in /calendar/v3/; without it Google's own",
    "calendar_service_account": "the service account that writes the calendars: JSON, or the path of its file",
    "calendar_id": "one existing calendar for all clinics; without it each clinic gets a new one",
    "calendar_seconds": "how long the calendar may take to follow the diary; 8 by default",
    "calendar_faults_url": "where a calendar double takes orders to fail",
    "backend_control_url": "where the backend can be killed and started again",
    "embeddings_url": "where documents are embedded as the backend embeds questions; without it <api_url>/v1/embeddings",
    "embeddings_key": "the key for it; without it the access token of the clinic's owner",
    "chat_url": "a real model for the scenario tagged live: an OpenAI-compatible chat completions URL, or Anthropic's",
    "chat_key": "the key for it",
    "chat_model": "the model's name",
    "mail_domain": "the domain of the addresses that the suite signs up; hosted projects refuse example.com",
    "patience": "how many seconds an answer may take at most",
    "order": "in which order scenarios run: file or random",
    "seed": "a whole number that makes a random order the same again",
    "allow_writes_to": "hosts, separated by commas, that are not this machine and may still be written to",
}


def read_settings(flags: Mapping[str, str]) -> dict[str, str]:
    """Every setting that was given, by name; raises CannotRun for a name that does not exist."""
    from_file = _file_settings()
    from_environment = {
        name.removeprefix(PREFIX).lower(): value for name, value in os.environ.items() if name.startswith(PREFIX)
    }
    merged = {**from_file, **from_environment, **flags}
    for name in merged:
        if name not in KNOWN:
            raise CannotRun(f"There is no setting `{name}`.{_suggestion(name)}")
    return {name: str(value) for name, value in merged.items() if str(value)}


def _file_settings() -> dict[str, str]:
    if not FILE.is_file():
        return {}
    try:
        return {name: str(value) for name, value in tomllib.loads(FILE.read_text()).items()}
    except tomllib.TOMLDecodeError as problem:
        raise CannotRun(f"acceptance.toml cannot be read: {problem}.") from None


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, KNOWN, n=1)
    return f" Did you mean `{close[0]}`?" if close else f" The settings are: {', '.join(KNOWN)}."
