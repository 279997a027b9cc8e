"""What came back from the app, and the record of what was sent to it. Plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Failure = Literal["timeout", "unreachable", "http_error", "not_sent", "bad_answer"]


@dataclass(frozen=True, kw_only=True)
class AppAnswer:
    """The app's answer to one payload.

    `status` is None when none came. `body` is parsed JSON, text, or None when empty. `seconds` is real time.
    `failure`: timeout (3 s), unreachable, http_error (not 200), bad_answer (Slack cannot use the body), or
    not_sent (the client stopped it; `complaints` says what stood under which block).
    """

    status: int | None
    body: Any = None
    seconds: float = 0.0
    failure: Failure | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    complaints: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the app acknowledged in time."""
        return self.failure is None


@dataclass(kw_only=True)
class SentPayload:
    """One payload on its way: `kind` is slash_commands, interactive or events_api; `raw` and `headers` as sent."""

    kind: str
    payload: dict[str, Any]
    via: Literal["http", "socket", "nowhere"]
    at: float
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    retry: int = 0
    answer: AppAnswer | None = None


def parse_body(raw: bytes) -> Any:
    """JSON where it is JSON, text where it is text, None where it is nothing."""
    text = raw.decode(errors="replace").strip()
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
