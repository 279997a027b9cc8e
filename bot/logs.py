"""Structured logs without secrets: one JSON object per line on standard error. Knows no feature and no settings.

Fields: `time` (UTC), `level`, `logger`, `message`, what the caller passed as `extra` (such as `request`), and
`trace` when there was an exception. On a terminal the same, as a line to read.

Everything passes `redact` on the way out, exception traces included: the values given at the start, and whatever
looks like a key, a Slack or GitHub token, a password in a URL or a Slack response URL.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO
from urllib.parse import quote

HIDDEN = "[redacted]"
# These log payloads (Bolt: the whole body of a badly signed request, at INFO) or every call. Warnings pass.
QUIET = ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "dbos", "asyncio", "uvicorn.access", "sqlalchemy")
# Bolt's warnings end in the payload they are about.
LONGEST_FOREIGN_MESSAGE = 300

_SECRETS = re.compile(
    r"""
      (?<![0-9A-Za-z])sk-[0-9A-Za-z][0-9A-Za-z_-]{7,}        # a gateway key, with or without a channel suffix
    | sk-[0-9A-Za-z]{32,}                                     # the same, glued to a word
    | (?<![0-9A-Za-z])[0-9A-Za-z]{48}(?![0-9A-Za-z])          # a gateway key as the gateway's own API writes it
    | xox[a-z](?:\.xox[a-z])?-[0-9A-Za-z-]{8,}                # Slack tokens
    | xapp-[0-9A-Za-z-]{8,}
    | gh[a-z]_[0-9A-Za-z]{20,} | github_pat_[0-9A-Za-z_]{20,}
    | https://hooks\.slack\.com/[^\s"'<>]+                    # who has a response URL can post with it
    | (?<=[?&]ticket=)[^\s&"'<>]+                             # who has it can open Socket Mode's link, once
    | (?<=://)[^\s/:@"']+:[^\s/@"']+(?=@)                     # user:password in a URL
    | (?<=Bearer[ ])[0-9A-Za-z._~+/=-]{8,}
    """,
    re.VERBOSE,
)
_KEY_VALUE = re.compile(r"(?<![0-9A-Za-z])(?:sk-)?[0-9A-Za-z]{48}(?![0-9A-Za-z])")
_STANDARD = frozenset(vars(logging.makeLogRecord({})))
_FOREIGN = {"message", "asctime", "taskName", "color_message"} | {
    # The durable engine's library adds these to each of its records.
    "applicationID",
    "applicationVersion",
    "executorID",
    "operationUUID",
    "traceId",
}


def holds_key(text: str) -> bool:
    """Whether somebody pasted the value of a gateway key into `text`: it must not be stored, shown or repeated."""
    return _KEY_VALUE.search(text) is not None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with every given secret, and all that looks like one, replaced by `[redacted]`."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _SECRETS.sub(HIDDEN, text)


def redact_all(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The same for every string in a JSON-like value, names of fields included."""
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, Mapping):
        return {redact(str(name), secrets): redact_all(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_all(item, secrets) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value), secrets)


def configure(
    *, secrets: Iterable[str] = (), level: str = "INFO", stream: TextIO | None = None, human: bool | None = None
) -> None:
    """Send every logger of the process to `stream` (standard error), instead of where it went before.

    `secrets` are values that must never appear: tokens, the signing secret, the access token. `human` None means:
    lines to read when the stream is a terminal, else JSON.
    """
    out = sys.stderr if stream is None else stream
    readable = out.isatty() if human is None else human
    hidden = _spellings(secrets)
    handler = logging.StreamHandler(out)
    handler.addFilter(_keep)
    handler.setFormatter(_Readable(hidden) if readable else _Json(hidden))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    # Longest first, so that a secret inside another does not leave the rest of it standing.
    plain = {secret for secret in secrets if secret}
    return tuple(sorted(plain | {quote(secret, safe="") for secret in plain}, key=len, reverse=True))


def _keep(record: logging.LogRecord) -> bool:
    # In the handler too: Bolt gives its own loggers the root's level, whatever their parent's is.
    quiet = any(record.name == name or record.name.startswith(name + ".") for name in QUIET)
    return not quiet or record.levelno >= logging.WARNING


class _Safe(logging.Formatter):
    """What both formats share: the record as redacted fields."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        message = record.getMessage()
        if record.name.startswith("slack_bolt") and len(message) > LONGEST_FOREIGN_MESSAGE:
            message = message[:LONGEST_FOREIGN_MESSAGE] + "…"
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
        }
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD | _FOREIGN}
        fields |= {name: value for name, value in extra.items() if name not in fields}
        if record.exc_info and record.exc_info[0] is not None:
            fields["trace"] = self.formatException(record.exc_info)
        elif record.exc_text:
            fields["trace"] = record.exc_text
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        safe: dict[str, Any] = redact_all(fields, self._secrets)
        return safe


class _Json(_Safe):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.fields(record), ensure_ascii=False)


class _Readable(_Safe):
    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        trace = "".join(f"\n{text}" for text in (fields.pop("trace", None), fields.pop("stack", None)) if text)
        head = f"{fields.pop('time')[11:19]} {fields.pop('level'):8}{fields.pop('logger')}: {fields.pop('message')}"
        return head + "".join(f" {name}={value}" for name, value in fields.items()) + trace
