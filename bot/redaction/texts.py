"""Refuses or replaces what is secret, in a text or in all texts of a JSON-like value."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from bot.redaction.clean_texts import clean_texts, keep, unseen
from bot.redaction.encodings import visible_form
from bot.redaction.known import SHORTEST
from bot.redaction.spans import secret_spans

HIDDEN = "[redacted]"
REFUSED_TEXT = (
    "This looks like the value of a key, or another secret. It would be stored and shown to others: take it out."
)


def holds_secret(text: str) -> bool:
    """Whether a text holds the value of a key, a token, or a secret of ours, however it is disguised."""
    return len(text) >= SHORTEST and next(secret_spans(visible_form(text), wide=False), None) is not None


def redact(text: str, secrets: Iterable[str] = (), *, wide: bool = True) -> str:
    """`text` with every given secret, and all that looks like one, replaced by `[redacted]`.

    `wide`: also what only begins like one. A text without any comes back as it is.
    """
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    if len(text) < SHORTEST:
        return text
    clean = clean_texts(wide=wide)
    if text in clean:
        return text
    seen = visible_form(text)
    spans = sorted(secret_spans(seen, wide=wide))
    if not spans:
        keep(clean, text)
        return text
    parts, at = [], 0
    for start, end in spans:
        if start >= at:
            parts += [seen[at:start], HIDDEN]
        at = max(at, end)
    return "".join([*parts, seen[at:]])


def redact_all(value: Any, secrets: Iterable[str] = (), *, wide: bool = True) -> Any:
    """The same for every string in a JSON-like value, names of fields included.

    A SecretStr in it is meant to be seen, and comes out as its value: there is one such view, the reveal of a key.
    """
    if not secrets and holds_no_secret(value, wide=wide):
        return value
    return _redact_each(value, secrets, wide=wide)


def holds_no_secret(value: Any, *, wide: bool = False, most: int | None = None) -> bool:
    """Whether JSON holds no secret in any text or name, found by one look at all that is new in it, as one text.

    No secret that stands in one of its texts is hidden by the others: signs that no form takes stand in between. False
    also where that cannot be told at once, so the texts must be looked at one by one: what seems to go on from one text
    to the next, a backslash or a control character in one, something that is no JSON, or more than `most` characters
    that are new.
    """
    clean = clean_texts(wide=wide)
    new = unseen(value, clean)
    if not new:
        return new is not None
    together = json.dumps(new, ensure_ascii=False)
    if most is not None and len(together) > most:
        return False
    if "\\" in together:
        together = together.replace("\\n", "\n").replace('\\"', " ")
        if "\\" in together:
            return False
    found_none = next(secret_spans(visible_form(together), wide=wide), None) is None
    if found_none:
        keep(clean, *new)
    return found_none


def _redact_each(value: Any, secrets: Iterable[str] = (), *, wide: bool) -> Any:
    if isinstance(value, str):
        return redact(value, secrets, wide=wide)
    if isinstance(value, Mapping):
        return {
            redact(str(name), secrets, wide=wide): _redact_each(item, secrets, wide=wide)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_each(item, secrets, wide=wide) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return redact(str(value), secrets, wide=wide)
