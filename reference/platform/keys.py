"""The keys of one throwaway project, in the shapes that Supabase issues."""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

LEGACY_KEY_LIFETIME_SECONDS = 10 * 365 * 24 * 3600


@dataclass(frozen=True)
class ProjectKeys:
    """Secrets of a project; never printed by `repr`."""

    jwt_secret: str = field(repr=False)
    signing_key: ec.EllipticCurvePrivateKey = field(repr=False)
    kid: str
    anon_jwt: str = field(repr=False)
    service_jwt: str = field(repr=False)
    publishable_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    @classmethod
    def generate(cls) -> "ProjectKeys":
        """Fresh keys: an HS256 secret, a P-256 signing key, and the four API keys made from them."""
        jwt_secret = secrets.token_urlsafe(48)
        return cls(
            jwt_secret=jwt_secret,
            signing_key=ec.generate_private_key(ec.SECP256R1()),
            kid=str(uuid4()),
            anon_jwt=_legacy_key("anon", jwt_secret),
            service_jwt=_legacy_key("service_role", jwt_secret),
            publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
            secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
        )

    def public_jwks(self) -> dict[str, Any]:
        """What `/auth/v1/.well-known/jwks.json` shows: the asymmetric public key alone."""
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.signing_key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"]}]}

    def postgrest_jwks(self) -> dict[str, Any]:
        """PostgREST's key set: the public key and the HS256 secret, as the local CLI configures it."""
        shared = jwt.algorithms.HMACAlgorithm.to_jwk(self.jwt_secret.encode(), as_dict=True)
        return {"keys": [*self.public_jwks()["keys"], {**shared, "alg": "HS256"}]}

    def postgrest_secret(self) -> str:
        """The key set as PostgREST's `jwt-secret` setting takes it."""
        return json.dumps(self.postgrest_jwks())


def _legacy_key(role: str, jwt_secret: str) -> str:
    now = int(time.time())
    claims = {"iss": "supabase", "ref": "golden", "role": role, "iat": now, "exp": now + LEGACY_KEY_LIFETIME_SECONDS}
    return jwt.encode(claims, jwt_secret, algorithm="HS256")
