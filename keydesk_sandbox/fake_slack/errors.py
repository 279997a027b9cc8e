"""The errors of this Slack. Knows no HTTP and no state.

ApiError            the Web API's answer is `ok: false` with this code
ClientRefusal       a Slack client would not let that person do this; nothing is sent to the app
ConnectionDropped   the wire breaks: no answer reaches the caller
"""

from typing import Any


class ApiError(Exception):
    """A Web API call is refused. `code` is Slack's error name; `extra` is merged into the answer."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class InvalidArguments(ApiError):
    """`invalid_arguments` with Slack's bracketed messages."""

    def __init__(self, *messages: str) -> None:
        super().__init__("invalid_arguments", response_metadata={"messages": [f"[ERROR] {text}" for text in messages]})


class ClientRefusal(Exception):
    """What a person tried is impossible in a Slack client: no such button, not in the channel, modal closed."""


class ConnectionDropped(Exception):
    """The connection ends without an answer; raised by faults only."""
