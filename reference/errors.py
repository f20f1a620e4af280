"""The one exception that a person starting the stack is meant to read."""


class CannotStart(Exception):
    """The stack cannot run here; the message is one sentence that says what to change."""
