"""How a failure puts numbers and codes into words."""

INSUFFICIENT_PRIVILEGE = "42501"  # PostgreSQL, Appendix A
FOR_WANT_OF_PERMISSION = f"for want of permission ({INSUFFICIENT_PRIVILEGE})"

LONGEST_QUOTE = 200


def quoted(text: str, longest: int = LONGEST_QUOTE) -> str:
    """The beginning of a text, with a sign where it was cut."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def counted(count: object, noun: str) -> str:
    """Such as "1 row" or "2 rows"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Such as "an account, a profile and a clinic"; "nothing" for no word."""
    if len(words) < 2:
        return "".join(words) or "nothing"
    return f"{', '.join(words[:-1])} and {words[-1]}"
