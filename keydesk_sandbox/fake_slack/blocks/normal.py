"""Gives blocks the ids and flags that Slack adds to what an app sent. Expects checked blocks."""

import secrets
import string
from typing import Any

_LETTERS = string.ascii_letters + string.digits
_NO_ACTION_ID = frozenset({"image", "mrkdwn", "plain_text"})


def short_id() -> str:
    """An id like those Slack gives to blocks and elements without one."""
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def normalise(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A deep copy with every block_id, action_id, `emoji` and `verbatim` in place."""
    return [_block(block) for block in blocks]


def _block(block: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = {"type": block["type"]}
    # The id that an app gives a markdown block is not kept (slack.md A5).
    copy["block_id"] = (block.get("block_id") if block["type"] != "markdown" else None) or short_id()
    for name, value in block.items():
        if name in {"type", "block_id"}:
            continue
        if name in {"accessory", "element"} or (name == "actions" and block["type"] == "card"):
            copy[name] = [_element(entry) for entry in value] if isinstance(value, list) else _element(value)
        elif name == "elements" and block["type"] in {"actions", "context", "context_actions"}:
            copy[name] = [_element(element) for element in value]
        elif name == "child_blocks" or (name == "elements" and block["type"] == "carousel"):
            copy[name] = normalise(value)
        else:
            copy[name] = _deep(value)
    return copy


def _element(element: dict[str, Any]) -> dict[str, Any]:
    copy = _deep(element)
    if element.get("type") not in _NO_ACTION_ID and not copy.get("action_id"):
        copy["action_id"] = short_id()
    return dict(copy)


def _deep(value: Any) -> Any:
    if isinstance(value, list):
        return [_deep(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    copy = {name: _deep(entry) for name, entry in value.items()}
    if isinstance(copy.get("text"), str):
        if copy.get("type") == "plain_text":
            copy.setdefault("emoji", True)
        elif copy.get("type") == "mrkdwn":
            copy.setdefault("verbatim", False)
    return copy
