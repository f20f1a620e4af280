"""A user and an identity, as rows and as JSON (supabase/auth internal/models/user.go, identity.go)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

Json = dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """One way for a user to sign in; for `email` and `phone` the `provider_id` is the user's id."""

    id: UUID
    provider_id: str
    user_id: UUID
    identity_data: Json
    provider: str
    last_sign_in_at: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    email: str | None

    def as_json(self) -> Json:
        """The wire form, where `id` is the provider's id and `identity_id` the row's."""
        shown: Json = {"identity_id": str(self.id), "id": self.provider_id, "user_id": str(self.user_id)}
        if self.identity_data:
            shown["identity_data"] = self.identity_data
        shown["provider"] = self.provider
        if self.last_sign_in_at:
            shown["last_sign_in_at"] = rfc3339(self.last_sign_in_at)
        shown["created_at"] = rfc3339(self.created_at)
        shown["updated_at"] = rfc3339(self.updated_at)
        if self.email:
            shown["email"] = self.email
        return shown


@dataclass(frozen=True)
class User:
    """A row of auth.users. As in GoTrue, a row with NULL where it holds plain text cannot be read."""

    id: UUID
    aud: str
    role: str
    email: str | None
    email_confirmed_at: datetime | None
    invited_at: datetime | None
    phone: str | None
    phone_confirmed_at: datetime | None
    confirmation_sent_at: datetime | None
    confirmed_at: datetime | None
    recovery_sent_at: datetime | None
    email_change: str
    email_change_sent_at: datetime | None
    phone_change: str
    phone_change_sent_at: datetime | None
    reauthentication_sent_at: datetime | None
    last_sign_in_at: datetime | None
    raw_app_meta_data: Json | None
    raw_user_meta_data: Json | None
    created_at: datetime | None
    updated_at: datetime | None
    banned_until: datetime | None
    deleted_at: datetime | None
    is_anonymous: bool
    encrypted_password: str | None = field(repr=False)
    confirmation_token: str = field(repr=False)
    recovery_token: str = field(repr=False)
    email_change_token_new: str = field(repr=False)
    email_change_token_current: str = field(repr=False)
    phone_change_token: str = field(repr=False)
    reauthentication_token: str = field(repr=False)

    def __post_init__(self) -> None:
        for name in _PLAIN_TEXT:
            if getattr(self, name) is None:
                raise psycopg.DataError(f"auth.users.{name} is NULL, which cannot be read as text")

    @property
    def app_metadata(self) -> Json:
        """What only the project may write."""
        return self.raw_app_meta_data or {}

    @property
    def user_metadata(self) -> Json:
        """What the user may write."""
        return self.raw_user_meta_data or {}

    @property
    def is_banned(self) -> bool:
        """Whether the ban has still to end."""
        return self.banned_until is not None and now() < self.banned_until

    def as_json(self, identities: Sequence[Identity] | None) -> Json:
        """The wire form; a listing has no identities (None)."""
        shown: Json = {"id": str(self.id), "aud": self.aud, "role": self.role, "email": self.email or ""}
        shown["phone"] = self.phone or ""
        for key, value in _OPTIONAL_IN_JSON:
            present = getattr(self, value)
            if present:
                shown[key] = rfc3339(present) if isinstance(present, datetime) else present
        shown["app_metadata"] = self.app_metadata
        shown["user_metadata"] = self.user_metadata
        shown["identities"] = None if identities is None else [identity.as_json() for identity in identities]
        shown["created_at"] = rfc3339(self.created_at)
        shown["updated_at"] = rfc3339(self.updated_at)
        for key in ("banned_until", "deleted_at"):
            if getattr(self, key):
                shown[key] = rfc3339(getattr(self, key))
        shown["is_anonymous"] = self.is_anonymous
        return shown


_PLAIN_TEXT = tuple(column.name for column in fields(User) if column.type is str)
_OPTIONAL_IN_JSON = (
    ("email_confirmed_at", "email_confirmed_at"),
    ("invited_at", "invited_at"),
    ("phone_confirmed_at", "phone_confirmed_at"),
    ("confirmation_sent_at", "confirmation_sent_at"),
    ("confirmed_at", "confirmed_at"),
    ("recovery_sent_at", "recovery_sent_at"),
    ("new_email", "email_change"),
    ("email_change_sent_at", "email_change_sent_at"),
    ("new_phone", "phone_change"),
    ("phone_change_sent_at", "phone_change_sent_at"),
    ("reauthentication_sent_at", "reauthentication_sent_at"),
    ("last_sign_in_at", "last_sign_in_at"),
)


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime | None) -> str | None:
    """A moment as Go writes it: UTC with a Z, and no more digits than it needs."""
    if moment is None:
        return None
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"


def merged(current: Mapping[str, Any], changes: Mapping[str, Any]) -> Json:
    """`current` with `changes` on top, where null deletes a key."""
    return {name: value for name, value in {**current, **changes}.items() if value is not None or name not in changes}


def identity_claims(user_id: UUID, *, email: str = "", phone: str = "", email_verified: bool = False) -> Json:
    """The data of a fresh `email` or `phone` identity."""
    address = {"email": email} if email else {"phone": phone}
    return {"sub": str(user_id), **address, "email_verified": email_verified, "phone_verified": False}
