"""Secrets are cut out of whatever is shown."""

import re
from collections.abc import Iterable

HIDDEN = "[secret]"
LOOKS_SECRET = re.compile(
    r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"  # a JSON Web Token (RFC 7519), cut short or whole
    r"|\bsb_(?:secret|publishable)_[\w-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"  # a URL's user and password
    r"|\bpassword=(?:'[^']*'|\S+)",  # of a libpq connection string
    re.DOTALL,
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, and without whatever looks like one."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return LOOKS_SECRET.sub(HIDDEN, text)
