"""Signing up, signing in, and what a token says, through the unmodified Supabase client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from supabase import Client, create_client
from supabase.lib.client_options import SyncClientOptions
from supabase_auth.types import AuthResponse

from acceptance.asked import promised
from acceptance.errors import PromiseBroken
from acceptance.target import Target


@dataclass(frozen=True)
class Session:
    """One signed-in person: the token comes from a real sign-in, unedited. `called` is their name in what is told."""

    user_id: str
    email: str
    password: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: int | None = None
    called: str = ""

    def __str__(self) -> str:
        return self.called or self.email

    @property
    def claims(self) -> dict[str, Any]:
        """The token's claims, read but not verified: who verifies is the system under test."""
        try:
            return dict(jwt.decode(self.access_token, options={"verify_signature": False}))
        except jwt.PyJWTError as problem:
            raise PromiseBroken(f"The token of {self} should be a token, but: {problem}.") from None


@dataclass(frozen=True)
class Accounts:
    """Supabase clients that share one connection pool; safe to share between threads."""

    target: Target
    http: httpx.Client = field(repr=False)

    def client(self, key: str | None = None) -> Client:
        """A fresh client that keeps no session, with the publishable key unless another is given."""
        options = SyncClientOptions(auto_refresh_token=False, persist_session=False, httpx_client=self.http)
        return create_client(self.target.supabase_url, key or self.target.publishable_key, options)

    def service(self) -> Client:
        """A client with the secret key; never sign in on it, or row-level security applies from then on."""
        return self.client(self.target.secret_key)

    def as_user(self, session: Session) -> Client:
        """A client whose table calls carry the session's token."""
        client = self.client()
        client.postgrest.auth(session.access_token)
        return client

    def sign_up(self, email: str, password: str, data: Mapping[str, Any], called: str = "") -> Session:
        """A new account and its first session; raises PromiseBroken when it is refused."""
        with promised(f"{called or email} should be able to sign up"):
            answer = self.client().auth.sign_up({"email": email, "password": password, "options": {"data": dict(data)}})
        return _session(answer, email, password, called, "sign-up", "; is address confirmation switched on?")

    def sign_in(self, email: str, password: str, called: str = "") -> Session:
        """A new session of an account that exists; raises PromiseBroken."""
        with promised(f"{called or email} should be able to sign in"):
            answer = self.client().auth.sign_in_with_password({"email": email, "password": password})
        return _session(answer, email, password, called, "sign-in")

    def sign_in_as(self, user_id: str, email: str, password: str, org_id: str | None, called: str) -> Session:
        """A session of this very account, whose token names this organisation, or none; raises PromiseBroken.

        Whoever is turned away proves nothing unless they are who they should be.
        """
        session = self.sign_in(email, password, called)
        named = self._named_organisation(session)
        if (session.user_id, session.claims.get("sub"), named) != (user_id, user_id, org_id):
            raise PromiseBroken(
                f"The token of {called} should name account {user_id} and organisation {org_id}; "
                f"it names {session.claims.get('sub')} and {named}."
            )
        return session

    def renew(self, session: Session) -> Session:
        """The next token of the same session; raises PromiseBroken."""
        with promised(f"{session} should be able to renew the token"):
            answer = self.client().auth.refresh_session(session.refresh_token)
        return _session(answer, session.email, session.password, session.called, "renewal")

    def invite(self, email: str, password: str, org_id: str, role: str, full_name: str) -> str:
        """The user id of somebody who joins an organisation, created with the service role; raises PromiseBroken."""
        with promised(f"{full_name} should be able to join as {role}"):
            made = self.service().auth.admin.create_user(
                {
                    "email": email,
                    "password": password,
                    "email_confirm": True,
                    "app_metadata": {"org_id": org_id, "org_role": role},
                    "user_metadata": {"full_name": full_name},
                }
            )
        return made.user.id

    def organisation_of(self, session: Session) -> str:
        """The organisation in the token's claim; raises PromiseBroken when it carries none."""
        named = self._named_organisation(session)
        if named is None:
            place = ".".join(self.target.org_claim)
            raise PromiseBroken(f"The token of {session} should carry its organisation as {place}; it carries none.")
        return named

    def _named_organisation(self, session: Session) -> str | None:
        value: Any = session.claims
        for level in self.target.org_claim:
            value = value.get(level) if isinstance(value, dict) else None
        return value if isinstance(value, str) and value else None


def _session(answer: AuthResponse, email: str, password: str, called: str, what: str, hint: str = "") -> Session:
    given = answer.session
    if given is None or answer.user is None:
        raise PromiseBroken(f"The {what} of {called or email} should give a session at once, but gave none{hint}.")
    return Session(answer.user.id, email, password, given.access_token, given.refresh_token, given.expires_at, called)
