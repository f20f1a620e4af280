"""The OAuth side of the Google double: a service account, and the endpoint that gives it tokens.

Source: developers.google.com/identity/protocols/oauth2/service-account, "Making the access token request".
"""

import secrets
import time
import warnings
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.warnings import InsecureKeyLengthWarning

from reference.doubles.google_calendar_errors import insufficient_scope, invalid_credentials, login_required

ASSERTION_AUDIENCE = "https://oauth2.googleapis.com/token"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SECONDS = 3599
ASSERTION_SECONDS = 3600
CLOCK_SKEW_SECONDS = 60
# Google's are twice as long. This one guards nothing, and making and checking those took a fifth of a second of each run.
KEY_BITS = 1024
warnings.filterwarnings("ignore", f"The RSA key is {KEY_BITS} bits", InsecureKeyLengthWarning)


def new_service_account(token_uri: str) -> dict[str, str]:
    """A service-account key file as google-auth reads it, with a fresh RSA key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    project = "golden-scenarios"
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": secrets.token_hex(20),
        "private_key": private_pem.decode("ascii"),
        "client_email": f"calendar@{project}.iam.gserviceaccount.com",
        "client_id": str(10**20 + secrets.randbelow(10**20)),
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }


class TokenRefused(Exception):
    """The token endpoint's refusal: HTTP status, RFC 6749 error code and description."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.description = description

    def body(self) -> dict[str, str]:
        return {"error": self.code, "error_description": self.description}


class TokenDesk:
    """Issues access tokens for one service account and knows the scopes of each."""

    def __init__(self, service_account: Mapping[str, str]) -> None:
        private_key = serialization.load_pem_private_key(service_account["private_key"].encode("ascii"), None)
        if not isinstance(private_key, rsa.RSAPrivateKey):
            raise TypeError("a service account signs with an RSA key")
        self._public_key = private_key.public_key()
        self._key_id = service_account["private_key_id"]
        self._account = service_account["client_email"]
        self._issued: dict[str, tuple[frozenset[str], float]] = {}

    def grant(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The answer to a token request. Raises TokenRefused."""
        if form.get("grant_type") != GRANT_TYPE:
            raise TokenRefused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        claims = self._verified(form.get("assertion", ""))
        if claims.get("sub", self._account) != self._account:
            raise TokenRefused(
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized"
                " for any of the scopes requested.",
                status=401,
            )
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            raise TokenRefused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.{secrets.token_urlsafe(48)}"
        self._issued[token] = (scopes, time.monotonic() + TOKEN_SECONDS)
        return {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}

    def authorise(self, authorization: str | None, accepted_scopes: frozenset[str]) -> None:
        """Raises GoogleError 401 without a live token, 403 when none of its scopes is accepted."""
        if not authorization:
            raise login_required()
        scheme, _, token = authorization.partition(" ")
        scopes, expires_at = self._issued.get(token, (frozenset[str](), 0.0))
        if scheme.lower() != "bearer" or time.monotonic() >= expires_at:
            raise invalid_credentials()
        if not scopes & accepted_scopes:
            raise insufficient_scope()

    def _verified(self, assertion: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(assertion).get("kid", self._key_id) != self._key_id:
                raise TokenRefused("invalid_grant", "Invalid JWT Signature.")
            claims: dict[str, Any] = jwt.decode(
                assertion,
                self._public_key,
                algorithms=["RS256"],
                audience=ASSERTION_AUDIENCE,
                issuer=self._account,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["iss", "aud", "iat", "exp"]},
            )
        except jwt.InvalidTokenError as refusal:
            raise TokenRefused("invalid_grant", _description(refusal)) from None
        if claims["exp"] - claims["iat"] > ASSERTION_SECONDS:
            raise TokenRefused("invalid_grant", _OUT_OF_TIME)
        return claims


_OUT_OF_TIME = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    " Check your iat and exp values in the JWT claim."
)


def _description(refusal: jwt.InvalidTokenError) -> str:
    match refusal:
        case jwt.ExpiredSignatureError() | jwt.ImmatureSignatureError() | jwt.InvalidIssuedAtError():
            return _OUT_OF_TIME
        case jwt.InvalidIssuerError():
            return "Invalid grant: account not found"
        case jwt.InvalidAudienceError():
            return f"Invalid JWT: Failed audience check. The right audience is {ASSERTION_AUDIENCE}"
        case jwt.MissingRequiredClaimError():
            return f"Invalid JWT: missing claim {refusal.claim}"
        case _:
            return "Invalid JWT Signature."
