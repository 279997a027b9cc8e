"""The arguments of a Web API call, from query, form or JSON (slack.md C, G19). Knows no method."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from keydesk_sandbox.fake_slack.errors import ApiError, InvalidArguments

Item = TypeVar("Item")

JSON_FIELDS = frozenset({"blocks", "attachments", "metadata", "view"})
TRUE = frozenset({"true", "1", "True"})
MOST = 1000


class Arguments:
    """Arguments by name, with the reading that Slack applies to strings of a form."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def text(self, name: str, default: str = "") -> str:
        """A string; numbers of a JSON body count as their text."""
        value = self.values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str, code: str | None = None) -> str:
        """A string that must be there. Raises `code`, or invalid_arguments naming the field."""
        value = self.text(name)
        if value:
            return value
        if code is not None:
            raise ApiError(code)
        raise InvalidArguments(f"missing required field: {name}")

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean: JSON true, or the words of a form."""
        value = self.values.get(name, default)
        return value if isinstance(value, bool) else str(value) in TRUE

    def given(self, name: str) -> bool:
        """Whether the argument was sent at all."""
        return name in self.values

    def object(self, name: str, code: str) -> Any:
        """A JSON value, sent as JSON or as its text in a form. Raises `code` when it is not JSON."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise ApiError(code) from None
        return value

    def content(self) -> dict[str, Any]:
        """What message calls carry, parsed."""
        content = dict(self.values)
        for name, code in (
            ("blocks", "invalid_blocks_format"),
            ("attachments", "invalid_attachments"),
            ("metadata", "invalid_metadata_format"),
        ):
            if name in content:
                content[name] = self.object(name, code)
        return content

    def page(self, items: Sequence[Item], *, default: int = 100, most: int = MOST) -> tuple[list[Item], str]:
        """One page of a list by `limit` and `cursor`, and the next cursor. Raises invalid_limit, invalid_cursor."""
        limit_text = self.text("limit", str(default))
        if not limit_text.isdigit() or int(limit_text) > most:
            raise ApiError("invalid_limit")
        limit = int(limit_text) or default
        start = _offset(self.text("cursor"))
        if start > len(items):
            raise ApiError("invalid_cursor")
        end = start + limit
        return list(items[start:end]), _cursor(end) if end < len(items) else ""


def _cursor(offset: int) -> str:
    return base64.b64encode(f"next:{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise ApiError("invalid_cursor") from None
    if word != "next" or not number.isdigit():
        raise ApiError("invalid_cursor")
    return int(number)
