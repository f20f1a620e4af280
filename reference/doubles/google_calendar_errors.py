"""Refusals of Google Calendar API v3, in the wire's own words.

Source: developers.google.com/workspace/calendar/api/guides/errors; the wording of single messages as
reported in public issue threads (googleapis/google-api-dotnet-client #1093, googleworkspace/java-samples #52,
odoo/odoo #18180, spatie/laravel-google-calendar #242, n8n-io/n8n #2995).
"""

from typing import Any


class GoogleError(Exception):
    """One refusal: HTTP status, and the single entry of the body's `errors` list."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.location = location

    def body(self) -> dict[str, Any]:
        entry = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location is not None:
            entry["locationType"], entry["location"] = self.location
        return {"error": {"errors": [entry], "code": self.status, "message": self.message}}


def bad_request() -> GoogleError:
    return GoogleError(400, "badRequest", "Bad Request")


def parse_error() -> GoogleError:
    return GoogleError(400, "parseError", "Parse Error")


def required(message: str) -> GoogleError:
    return GoogleError(400, "required", message)


def invalid(message: str, parameter: str | None = None) -> GoogleError:
    return GoogleError(400, "invalid", message, location=("parameter", parameter) if parameter else None)


def time_range_empty() -> GoogleError:
    return GoogleError(
        400,
        "timeRangeEmpty",
        "The specified time range is empty.",
        domain="calendar",
        location=("parameter", "timeMax"),
    )


def not_in_this_double(what: str) -> GoogleError:
    """What Google can do and this double cannot: refused, never silently ignored."""
    return GoogleError(400, "badRequest", f"This double of Google Calendar does not implement {what}.")


def login_required() -> GoogleError:
    return GoogleError(401, "required", "Login Required", location=("header", "Authorization"))


def invalid_credentials() -> GoogleError:
    return GoogleError(401, "authError", "Invalid Credentials", location=("header", "Authorization"))


def insufficient_scope() -> GoogleError:
    return GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def attendees_forbidden() -> GoogleError:
    return GoogleError(
        403,
        "forbiddenForServiceAccounts",
        "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.",
        domain="calendar",
    )


def rate_limited() -> GoogleError:
    return GoogleError(403, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits")


def not_found() -> GoogleError:
    return GoogleError(404, "notFound", "Not Found")


def duplicate() -> GoogleError:
    return GoogleError(409, "duplicate", "The requested identifier already exists.")


def deleted() -> GoogleError:
    return GoogleError(410, "deleted", "Resource has been deleted")


def full_sync_required() -> GoogleError:
    return GoogleError(
        410,
        "fullSyncRequired",
        "Sync token is no longer valid, a full sync is required.",
        domain="calendar",
        location=("parameter", "syncToken"),
    )


def condition_not_met() -> GoogleError:
    return GoogleError(412, "conditionNotMet", "Precondition Failed", location=("header", "If-Match"))


def too_many_requests() -> GoogleError:
    return GoogleError(429, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits")


def backend_error() -> GoogleError:
    return GoogleError(503, "backendError", "Backend Error")
