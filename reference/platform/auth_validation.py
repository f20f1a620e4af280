"""What Auth accepts as an address, a phone number, a password, a duration, a page."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request

from reference.platform.auth_errors import AuthError, WeakPassword, validation_failed
from reference.platform.auth_settings import AuthSettings

MAX_PASSWORD_BYTES = 72
USERS_PER_PAGE = 50

# The pattern of github.com/badoux/checkmail, which GoTrue uses.
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_PHONE = re.compile(r"[1-9][0-9]{1,14}")
_CODE_CHALLENGE = re.compile(r"[a-zA-Z._~0-9-]+")
_DURATION = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Page:
    """One page of a listing; pages count from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before the page."""
        return (max(self.number, 1) - 1) * self.size


def normal_email(email: str) -> str:
    """The address in lower case; raises `validation_failed`."""
    if not email:
        raise validation_failed("An email address is required")
    if len(email) > 255:
        raise validation_failed("An email address is too long")
    if not _EMAIL.fullmatch(email):
        raise validation_failed("Unable to validate email address: invalid format")
    return email.lower()


def normal_phone(phone: str) -> str:
    """An E.164 number without its plus sign; raises `validation_failed`."""
    digits = phone.removeprefix("+").replace(" ", "")
    if not _PHONE.fullmatch(digits):
        raise validation_failed("Invalid phone number format (E.164 required)")
    return digits


def check_password(settings: AuthSettings, password: str) -> None:
    """Raise `validation_failed` above bcrypt's 72 bytes and `weak_password` below the minimum length."""
    length = len(password.encode())
    if length > MAX_PASSWORD_BYTES:
        raise validation_failed(f"Password cannot be longer than {MAX_PASSWORD_BYTES} characters")
    if length < settings.minimum_password_length:
        minimum = settings.minimum_password_length
        raise WeakPassword(f"Password should be at least {minimum} characters.", ["length"])


def check_code_challenge(challenge: str, method: str) -> None:
    """Raise `validation_failed` unless the PKCE pair is absent or whole (RFC 7636, section 4.2)."""
    if bool(challenge) != bool(method):
        raise validation_failed("PKCE flow requires code_challenge_method and code_challenge")
    if not challenge:
        return
    if not 43 <= len(challenge) <= 128:
        raise validation_failed("code challenge has to be between 43 and 128 characters")
    if not _CODE_CHALLENGE.fullmatch(challenge):
        allowed = "alphanumeric characters, hyphens, periods, underscores and tildes"
        raise validation_failed(f"code challenge can only contain {allowed}")


def ban_length(text: str) -> timedelta:
    """A Go duration such as `24h` or `1h30m`, or `none` for zero; raises `validation_failed`."""
    if text in {"none", "0"}:
        return timedelta(0)
    if not _DURATION.fullmatch(text):
        raise validation_failed(f'invalid format for ban duration: time: invalid duration "{text}"')
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text))
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def check_email_interval(settings: AuthSettings, sent_at: datetime | None, now: datetime) -> None:
    """Raise 429 when the last message to this user is younger than the allowed interval."""
    if sent_at is None:
        return
    left = sent_at + timedelta(seconds=settings.email_send_interval_seconds) - now
    if left > timedelta(0):
        text = f"For security purposes, you can only request this after {int(left.total_seconds())} seconds."
        raise AuthError(429, "over_email_send_rate_limit", text)


def parse_uuid(text: str) -> UUID | None:
    """The UUID, or None for any other text."""
    try:
        return UUID(text)
    except ValueError:
        return None


def requested_page(request: Request) -> Page:
    """`?page=&per_page=`, where empty means the default; raises `validation_failed`."""
    return Page(
        number=_whole_number(request.query_params.get("page", ""), 1),
        size=_page_size(request.query_params.get("per_page", "")),
    )


def page_headers(request: Request, page: Page, total: int) -> dict[str, str]:
    """`X-Total-Count` and `Link`, whose addresses are relative to the service."""
    last = -(-total // page.size)
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))

    def link(number: int, relation: str) -> str:
        query = urlencode(sorted({**request.query_params, "page": str(number)}.items()))
        return f'<{path}?{query}>; rel="{relation}"'

    links = [link(page.number + 1, "next")] if last > page.number else []
    return {"Link": ", ".join([*links, link(last, "last")]), "X-Total-Count": str(total)}


def _page_size(text: str) -> int:
    size = _whole_number(text, USERS_PER_PAGE)
    if size == 0:
        raise validation_failed("Bad Pagination Parameters: per_page must be greater than 0")
    return size


def _whole_number(text: str, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        problem = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise validation_failed(f"Bad Pagination Parameters: {problem}")
    return int(text)
