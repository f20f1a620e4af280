"""Password hashes: bcrypt, worked in a thread so that the event loop never waits for one."""

import re

import bcrypt
from anyio import to_thread

from reference.platform.auth_validation import MAX_PASSWORD_BYTES

# Go's bcrypt writes $2a$, which pgcrypto's crypt() reads too.
_PREFIX = b"2a"
_BCRYPT_HASH = re.compile(r"\$2[abxy]?\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")


async def hash_password(password: str, cost: int) -> str:
    """A bcrypt hash; raises ValueError above 72 bytes."""
    hashed = await to_thread.run_sync(bcrypt.hashpw, password.encode(), bcrypt.gensalt(cost, prefix=_PREFIX))
    return hashed.decode()


async def password_matches(password: str, hashed: str | None) -> bool:
    """Whether the password belongs to the hash; bcrypt reads the first 72 bytes."""
    if not hashed:
        return False
    try:
        return await to_thread.run_sync(bcrypt.checkpw, password.encode()[:MAX_PASSWORD_BYTES], hashed.encode())
    except ValueError:
        return False


def is_bcrypt_hash(text: str) -> bool:
    """Whether `text` has the form of a whole bcrypt hash."""
    return _BCRYPT_HASH.fullmatch(text) is not None
