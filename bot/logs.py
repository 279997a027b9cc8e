"""Structured logs without secrets: one JSON object per line on standard error. Knows no feature and no settings.

Fields: `time` (UTC), `level`, `logger`, `message`, what the caller passed as `extra`, what `log_context` gave to the
work (such as `request`), and `exception` when there was one. On a terminal the same, as a line to read.

Everything passes `redact` on the way out, exception traces included: the values given at the start, and whatever
looks like a secret (bot/redaction). It passes `visible` too, so
that no text can move a terminal's cursor or turn the direction of a line.
"""

import logging
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO, TypeVar
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.redaction import redact
from bot.scoped import Scoped

# These log payloads (Bolt: the whole body of a badly signed request, at INFO) or every call. Warnings pass.
QUIET = ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "dbos", "asyncio", "uvicorn.access", "sqlalchemy")
# Bolt's warnings end in the payload they are about.
LONGEST_FOREIGN_MESSAGE = 300

# Fields that libraries add to their records: uvicorn the message in colours, the durable engine's the others.
_FOREIGN = ("color_message", "applicationID", "applicationVersion", "executorID", "operationUUID", "traceId")
# A line of the log never holds more of one text than this: it may be a whole payload.
LONGEST_TEXT = 20_000
# Control characters but tab and line feed, and the marks that turn the direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

T = TypeVar("T")


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


_context: ContextVar[Mapping[str, Any]] = ContextVar("log context", default=MappingProxyType({}))


def log_context(**fields: Any) -> Scoped[Mapping[str, Any]]:
    """Every line that is logged inside, also by what is called, carries these fields."""
    return Scoped(_context, {**_context.get(), **fields})


def _with_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**_context.get(), **event}


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
    handler.setFormatter(_formatter(_Redaction(secrets), readable=readable))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _formatter(redaction: Processor, *, readable: bool) -> logging.Formatter:
    clock = structlog.processors.TimeStamper(fmt="%H:%M:%S" if readable else "iso", utc=True, key="time")
    fields: list[Processor] = [
        _with_context,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        clock,
        structlog.processors.format_exc_info,
    ]
    rename = structlog.processors.EventRenamer("message")
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)
    if readable:
        renderer = structlog.dev.ConsoleRenderer(
            colors=False, timestamp_key="time", event_key="message", pad_event_to=0
        )
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, rename, redaction, renderer]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=fields, processors=last)


class _Redaction:
    """The last processor before a line is written: nothing secret, nothing unseen, nothing endless."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first, so that a secret inside another does not leave the rest of it standing.
        plain = {secret for secret in secrets if secret}
        self._secrets = sorted(plain | {quote(secret, safe="") for secret in plain}, key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        message = event["message"]
        if event["logger"].startswith("slack_bolt") and len(message) > LONGEST_FOREIGN_MESSAGE:
            event["message"] = message[:LONGEST_FOREIGN_MESSAGE] + "…"
        if "exception" in event:
            event["exception"] = event["exception"].lstrip("\n")
        kept = {name: value for name, value in event.items() if name not in _FOREIGN}
        if "stack_info" in kept:
            kept["stack"] = kept.pop("stack_info")
        safe: EventDict = _each_text(kept, self._safe)
        return safe

    def _safe(self, text: str) -> str:
        cut = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
        return visible(redact(cut, self._secrets))


def _keep(record: logging.LogRecord) -> bool:
    # In the handler too: Bolt gives its own loggers the root's level, whatever their parent's is.
    quiet = any(record.name == name or record.name.startswith(name + ".") for name in QUIET)
    return not quiet or record.levelno >= logging.WARNING
