"""A request to Auth: its parameters, its sender, its audience (supabase/auth internal/api/helpers.go)."""

import ipaddress
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request

from reference.platform.auth_errors import AuthError
from reference.platform.auth_settings import DEFAULT_AUDIENCE

MAX_BODY_BYTES = 1024 * 1024


class Params(BaseModel):
    """A JSON body as Go's encoding/json reads it: unknown keys are ignored, null is the zero value."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, body: Any) -> Any:
        if isinstance(body, dict):
            return {name: value for name, value in body.items() if value is not None}
        return body


class SignUpParams(Params):
    """POST /signup."""

    email: str = ""
    phone: str = ""
    password: str = Field("", repr=False)
    data: dict[str, Any] = {}
    code_challenge: str = ""
    code_challenge_method: str = ""


class PasswordGrantParams(Params):
    """POST /token?grant_type=password."""

    email: str = ""
    phone: str = ""
    password: str = Field("", repr=False)


class RefreshGrantParams(Params):
    """POST /token?grant_type=refresh_token."""

    refresh_token: str = Field("", repr=False)


class UserUpdateParams(Params):
    """PUT /user; None is a field that was not sent."""

    email: str = ""
    phone: str = ""
    password: str | None = Field(None, repr=False)
    data: dict[str, Any] | None = None
    app_metadata: dict[str, Any] | None = None
    code_challenge: str = ""
    code_challenge_method: str = ""


class AdminUserParams(Params):
    """POST /admin/users and PUT /admin/users/{id}; None is a field that was not sent."""

    id: str = ""
    aud: str = ""
    role: str = ""
    email: str = ""
    phone: str = ""
    password: str | None = Field(None, repr=False)
    password_hash: str = Field("", repr=False)
    email_confirm: bool = False
    phone_confirm: bool = False
    user_metadata: dict[str, Any] | None = None
    app_metadata: dict[str, Any] | None = None
    ban_duration: str = ""


class AdminDeleteParams(Params):
    """DELETE /admin/users/{id}; the body may be empty."""

    should_soft_delete: bool = False


AnyParams = TypeVar("AnyParams", bound=Params)


@dataclass(frozen=True)
class Requester:
    """Who sent a request, as the session and the hook record it."""

    ip: str | None
    user_agent: str | None


async def read_params(request: Request, model: type[AnyParams], *, may_be_empty: bool = False) -> AnyParams:
    """The body as `model`; raises `bad_json` or `request_entity_too_large`."""
    body = await _limited_body(request)
    if may_be_empty and not body:
        return model()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # The input is left out of the text: it may hold a password.
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        text = f"{field}: {problem['msg']}" if field else problem["msg"]
        raise AuthError(400, "bad_json", f"Could not parse request body as JSON: {text}") from None


def requester(request: Request) -> Requester:
    """The first `X-Forwarded-For` address, or else the peer's, and the user agent."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    peer = request.client.host if request.client else ""
    address = next((text for text in (forwarded, peer) if _is_address(text)), None)
    return Requester(ip=address, user_agent=request.headers.get("user-agent"))


def requested_audience(request: Request, claimed: str = "") -> str:
    """The audience of a request: its `X-JWT-AUD` header, its token, or the project's own."""
    return request.headers.get("x-jwt-aud") or claimed or DEFAULT_AUDIENCE


async def _limited_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise AuthError(413, "request_entity_too_large", "Request body is larger than 1 MB")
    return bytes(body)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
