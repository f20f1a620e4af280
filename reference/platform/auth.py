"""Supabase Auth for the embedded stack: GoTrue's endpoints over the real schema, without mail.

Source of the wire: supabase/auth internal/api, internal/tokens, internal/hooks.
"""

from collections.abc import Awaitable, Callable
from functools import partial

import psycopg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.platform import auth_account, auth_admin
from reference.platform.auth_errors import (
    AuthError,
    OAuthError,
    answer_auth_error,
    answer_database_failure,
    answer_no_route,
    answer_oauth_error,
    answer_unhandled,
)
from reference.platform.auth_grants import token
from reference.platform.auth_settings import AuthService, AuthSettings, Pool
from reference.platform.auth_signup import sign_up

__all__ = ["AuthSettings", "create_auth_app"]

PROVIDERS_NOT_HERE = """
    anonymous_users apple azure bitbucket discord facebook figma fly github gitlab google kakao keycloak
    linkedin linkedin_oidc notion phone slack slack_oidc snapchat spotify twitch twitter workos x zoom
"""

Handler = Callable[[AuthService, Request], Awaitable[Response]]


def create_auth_app(settings: AuthSettings, pool: Pool) -> Starlette:
    """The Auth service, to be mounted at the path that `settings.issuer` ends with.

    The pool connects as supabase_auth_admin with autocommit on. The caller opens it, in the loop that
    serves the app, and closes it after the last request. The `apikey` header is the gateway's matter.
    """
    service = AuthService(settings, pool)

    def route(path: str, method: str, handler: Handler) -> Route:
        return Route(path, partial(handler, service), methods=[method])

    return Starlette(
        routes=[
            route("/signup", "POST", sign_up),
            route("/token", "POST", token),
            route("/user", "GET", auth_account.show_user),
            route("/user", "PUT", auth_account.change_user),
            route("/logout", "POST", auth_account.log_out),
            route("/admin/users", "GET", auth_admin.show_users),
            route("/admin/users", "POST", auth_admin.create_user),
            route("/admin/users/{user_id}", "GET", auth_admin.show_user),
            route("/admin/users/{user_id}", "PUT", auth_admin.change_user),
            route("/admin/users/{user_id}", "DELETE", auth_admin.remove_user),
            route("/health", "GET", _health),
            route("/settings", "GET", _settings),
            route("/.well-known/jwks.json", "GET", _jwks),
        ],
        exception_handlers={
            AuthError: answer_auth_error,
            OAuthError: answer_oauth_error,
            psycopg.Error: answer_database_failure,
            HTTPException: answer_no_route,
            Exception: answer_unhandled,
        },
    )


async def _health(service: AuthService, request: Request) -> Response:
    del service, request
    description = "GoTrue is a user registration and authentication API"
    return JSONResponse({"version": "embedded", "name": "GoTrue", "description": description})


async def _settings(service: AuthService, request: Request) -> Response:
    del request
    external = dict.fromkeys(PROVIDERS_NOT_HERE.split(), False) | {"email": True}
    return JSONResponse(
        {
            "external": external,
            "disable_signup": not service.settings.enable_signup,
            "mailer_autoconfirm": service.settings.autoconfirm,
            "phone_autoconfirm": False,
            "sms_provider": "",
            "saml_enabled": False,
        }
    )


async def _jwks(service: AuthService, request: Request) -> Response:
    del request
    return JSONResponse(service.settings.keys.public_jwks(), headers={"Cache-Control": "public, max-age=600"})
