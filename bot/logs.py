"""Structured logs without secrets: one JSON object per line on standard error. Knows no feature and no settings.

Fields: `time` (UTC), `level`, `logger`, `message`, what the caller passed as `extra`, what `log_context` gave to the
work (such as `request`), and `trace` when there was an exception. On a terminal the same, as a line to read.

Everything passes `redact` on the way out, exception traces included: the values given at the start, and whatever
looks like a key, a Slack or GitHub token, a password in a URL or a Slack response URL. It passes `visible` too, so
that no text can move a terminal's cursor or turn the direction of a line.
"""

import logging
import re
import sys
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TextIO, TypeVar
from urllib.parse import quote

import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

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
_GLUED = re.compile(r"sk-[0-9A-Za-z]{32,}")
_BROKEN = re.compile(r"(?<![0-9A-Za-z])sk-[0-9A-Za-z]{4,48}(?:[\s-]{1,3}[0-9A-Za-z]{4,48}){1,7}")
_BREAK = re.compile(r"[\s-]+")
_CORE, _FEWEST_DIGITS = 48, 3
KEY_IN_TEXT = "This looks like the value of a key. It is stored and shown: take it out."
# Fields that libraries add to their records: uvicorn the message in colours, the durable engine's the others.
_FOREIGN = ("color_message", "applicationID", "applicationVersion", "executorID", "operationUUID", "traceId")
# A line of the log never holds more of one text than this: it may be a whole payload.
LONGEST_TEXT = 20_000
# Control characters but tab and line feed, and the marks that turn the direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

T = TypeVar("T")


def holds_key(text: str) -> bool:
    """Whether somebody pasted the value of a gateway key into `text`: it must not be stored, shown or repeated.

    Also with characters in it that take no room, glued to a word, or broken over lines.
    """
    seen = text if text.isascii() else "".join(char for char in text if unicodedata.category(char) != "Cf")
    if _KEY_VALUE.search(seen) or _GLUED.search(seen):
        return True
    return any(_is_core(_BREAK.sub("", found[0][3:])) for found in _BROKEN.finditer(seen))


def _is_core(joined: str) -> bool:
    """Forty-eight characters as keys have them; words that stand side by side hold hardly a digit."""
    return len(joined) >= _CORE and sum(char.isdigit() for char in joined[:_CORE]) >= _FEWEST_DIGITS


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with every given secret, and all that looks like one, replaced by `[redacted]`."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _SECRETS.sub(HIDDEN, text)


def redact_all(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The same for every string in a JSON-like value, names of fields included."""
    return _each_text(value, lambda text: redact(text, secrets))


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


def log_context(**fields: Any) -> Any:
    """A context manager: every line that is logged inside, also by what is called, carries these fields."""
    return bound_contextvars(**fields)


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
        structlog.contextvars.merge_contextvars,
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
