"""What is asked through the clients of Supabase and Google and must be done: what they raise is a broken promise here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from google.auth.exceptions import GoogleAuthError
from googleapiclient.errors import HttpError
from httplib2 import HttpLib2Error
from postgrest.exceptions import APIError
from supabase_auth.errors import AuthApiError, AuthError

from acceptance.errors import PromiseBroken

# The clients take the shape of an answer for granted, and stumble where it is another.
STUMBLES = (ValueError, KeyError, IndexError, TypeError, AttributeError)


@contextmanager
def promised(what: str) -> Iterator[None]:
    """Around the call of a client and nothing else; `what` reads like "Ada should be able to sign in"."""
    try:
        yield
    except (APIError, AuthApiError) as refusal:
        named = refusal.code or "nothing named"
        raise PromiseBroken(f"{what}, but was refused as {named}: {refusal.message}.") from None
    except HttpError as refusal:
        raise PromiseBroken(f"{what}, but was refused ({refusal.status_code}): {refusal.reason}.") from None
    except (AuthError, GoogleAuthError, HttpLib2Error, OSError) as trouble:
        raise PromiseBroken(f"{what}, but no answer came: {type(trouble).__name__}.") from None
    except STUMBLES as trouble:
        raise PromiseBroken(f"{what}, but the answer cannot be read: {type(trouble).__name__}.") from None


def rows_of(query: Any, what: str) -> list[Mapping[str, Any]]:
    """The rows that a query of the Supabase client is answered with; raises PromiseBroken."""
    with promised(what):
        rows = query.execute().data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PromiseBroken(f"{what}, but the answer is no list of rows.")
    return rows
