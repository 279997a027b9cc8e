"""Every text inside a message or a JSON body, in order, bounded. Nothing here recurses: depth is the sender's choice.

Neighbouring pieces of one rich-text line are one text, so that a key that is half bold is still one word.
"""

import html
from collections.abc import Iterator, Mapping
from typing import Any

MOST_VALUES = 200_000
# Slack's own limits on blocks and attachments allow far fewer; a message is read by the event loop itself.
MOST_IN_A_MESSAGE = 20_000
_PIECES = frozenset({"rich_text_section", "rich_text_preformatted", "rich_text_quote"})
# Parts of a Slack message that hold ids, not texts.
_SKIPPED = frozenset({"block_id", "action_id", "type", "ts", "thread_ts", "event_ts", "client_msg_id", "team", "user"})


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, values of fields only, at most MOST_VALUES values looked at."""
    waiting: list[Any] = [value]
    for _ in range(MOST_VALUES):
        if not waiting:
            return
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            waiting.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            waiting.extend(reversed(item))


def message_texts(message: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a Slack message: text, blocks, attachments, file titles. Slack's three escapes are undone."""
    waiting: list[Any] = [message.get(name) for name in ("text", "blocks", "attachments", "files")]
    waiting.reverse()
    for _ in range(MOST_IN_A_MESSAGE):
        if not waiting:
            return
        item = waiting.pop()
        if isinstance(item, str):
            yield html.unescape(item) if "&" in item else item
        elif isinstance(item, Mapping):
            if item.get("type") in _PIECES:
                waiting.append(_joined(item))
            else:
                waiting.extend(reversed([value for name, value in item.items() if name not in _SKIPPED]))
        elif isinstance(item, list):
            waiting.extend(reversed(item))


def _joined(section: Mapping[str, Any]) -> str:
    elements = section.get("elements")
    pieces = [piece for piece in elements if isinstance(piece, Mapping)] if isinstance(elements, list) else []
    return "".join(str(piece.get("text") or piece.get("url") or " ") for piece in pieces)
