"""Structured logs without secrets: one JSON object per line on standard error. Knows no feature and no settings.

Fields: `time` (UTC), `level`, `logger`, `message`, what the caller passed as `extra`, what `log_context` gave to the
work (such as `request`), and `exception` when there was one. On a terminal the same, as a line to read.

Everything passes `redact` on the way out, exception traces included: the values given at the start, and whatever
looks like a secret (redaction.py). It passes `visible` too, so
that no text can move a terminal's cursor or turn the direction of a line.
"""

import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from typing import Any, TextIO, TypeVar
from urllib.parse import quote

from bot.redaction import redact

# These log payloads (Bolt: the whole body of a badly signed request, at INFO) or every call. Warnings pass.
QUIET = ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "dbos", "asyncio", "uvicorn.access", "sqlalchemy")
# Bolt's warnings end in the payload they are about.
LONGEST_FOREIGN_MESSAGE = 300

# What every record has, and what libraries add: uvicorn the message in colours, the durable engine's the others.
_OWN = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
_FOREIGN = frozenset({"color_message", "applicationID", "applicationVersion", "executorID", "operationUUID", "traceId"})
# A line of the log never holds more of one text than this: it may be a whole payload.
LONGEST_TEXT = 20_000
# Control characters but tab and line feed, and the marks that turn the direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

T = TypeVar("T")
_context: ContextVar[Mapping[str, Any]] = ContextVar("log_context")
_NO_CONTEXT: Mapping[str, Any] = {}


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(name)): _each_text(item, change) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_each_text(item, change) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return change(str(value))


def visible(text: str) -> str:
    """The text with terminal escapes and direction marks spelled out, as JSON spells them."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


class log_context:  # noqa: N801  # used like a function
    """A context manager: every line that is logged inside, also by what is called, carries these fields."""

    __slots__ = ("_before", "_fields")

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._before: Token[Mapping[str, Any]] = _context.set({**_context.get(_NO_CONTEXT), **self._fields})

    def __exit__(self, *_: object) -> None:
        _context.reset(self._before)


def for_request(job: Callable[[str], Awaitable[T]]) -> Callable[[str], Awaitable[T]]:
    """The same job, whose argument is a request's number: each of its log lines carries it as `request`."""

    async def run(argument: str) -> T:
        with log_context(request=argument):
            return await job(argument)

    return run


def configure(
    *, secrets: Iterable[str] = (), level: str = "INFO", stream: TextIO | None = None, human: bool | None = None
) -> None:
    """Send every logger of the process to `stream` (standard error), instead of where it went before.

    `secrets` are values that must never appear: tokens, the signing secret, the access token. `human` None means:
    lines to read when the stream is a terminal, else JSON.
    """
    out = sys.stderr if stream is None else stream
    readable = out.isatty() if human is None else human
    handler = logging.StreamHandler(out)
    handler.addFilter(_keep)
    handler.setFormatter((_Readable if readable else _Json)(secrets))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Json(logging.Formatter):
    """A record as one JSON object: nothing secret, nothing unseen, nothing endless."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # Longest first, so that a secret inside another does not leave the rest of it standing.
        plain = {secret for secret in secrets if secret}
        self._secrets = sorted(plain | {quote(secret, safe="") for secret in plain}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return json.dumps(self._fields(record), ensure_ascii=False)

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        message = record.getMessage()
        if record.name.startswith("slack_bolt") and len(message) > LONGEST_FOREIGN_MESSAGE:
            message = message[:LONGEST_FOREIGN_MESSAGE] + "…"
        moment = datetime.fromtimestamp(record.created, UTC)
        fields = {
            "time": moment.isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            **_context.get(_NO_CONTEXT),
            **{name: value for name, value in vars(record).items() if name not in _OWN and name not in _FOREIGN},
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        safe: dict[str, Any] = _each_text(fields, self._safe)
        return safe

    def _safe(self, text: str) -> str:
        cut = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
        return visible(redact(cut, self._secrets))


class _Readable(_Json):
    """The same for a terminal: a line to read, the trace below it."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, more with a trace."""
        fields = self._fields(record)
        time, level, name, message = (fields.pop(word) for word in ("time", "level", "logger", "message"))
        below = [fields.pop(word) for word in ("stack", "exception") if word in fields]
        added = [f"{field}={value if isinstance(value, str) else repr(value)}" for field, value in fields.items()]
        return "\n".join([" ".join([time[11:19], f"[{level:9}]", message, f"[{name}]", *added]), *below])


def _keep(record: logging.LogRecord) -> bool:
    # In the handler too: Bolt gives its own loggers the root's level, whatever their parent's is.
    quiet = any(record.name == name or record.name.startswith(name + ".") for name in QUIET)
    return not quiet or record.levelno >= logging.WARNING
