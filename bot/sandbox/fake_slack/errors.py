"""The ways this Slack says no. Knows no HTTP and no state.

SlackError          the Web API's answer is `ok: false` with this code
ClientRefusal       a Slack client would not let that person do this; nothing is sent to the app
ConnectionDropped   the wire breaks: no answer reaches the caller
"""

from typing import Any


class SlackError(Exception):
    """A Web API call is refused. `code` is Slack's error name; `extra` is merged into the answer."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class InvalidArguments(SlackError):  # noqa: N818 - named after Slack's code
    """`invalid_arguments` with Slack's bracketed messages."""

    def __init__(self, *messages: str) -> None:
        super().__init__("invalid_arguments", response_metadata={"messages": [f"[ERROR] {text}" for text in messages]})


class ClientRefusal(Exception):  # noqa: N818 - the person is refused by their own client; nothing failed
    """What a person tried is impossible in a Slack client: no such button, not in the channel, modal closed."""


class ConnectionDropped(Exception):  # noqa: N818 - an event on the wire, raised to break it
    """The connection ends without an answer; raised by faults only."""
