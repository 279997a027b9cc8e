"""Input blocks and their elements, and how to read them back. Plain dicts; knows no form in particular.

Every input of ours has the action id `value`; its block id names the field (names.md).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.languages import said
from bot.slack.blocks import (
    CHECKBOXES_LIMIT,
    ID_LIMIT,
    LABEL_LIMIT,
    OPTIONS_LIMIT,
    PLACEHOLDER_LIMIT,
    TEXT_LIMIT,
    Block,
    plain,
    truncate,
)

VALUE = "value"
State = Mapping[str, Mapping[str, Mapping[str, Any]]]


# How Slack writes a person into the text of a command (Escape channels, users, and links).
MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]{1,30})(?:\|[^>]*)?>")


def input_block(
    block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False, dispatch: bool = False
) -> Block:
    """A field of a form. `dispatch`: tell us at each change, so that the form can be drawn anew."""
    if len(block_id) > ID_LIMIT:
        raise ValueError(f"block_id has {len(block_id)} characters; Slack takes {ID_LIMIT}")
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, LABEL_LIMIT),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint, LABEL_LIMIT)
    return block | ({"dispatch_action": True} if dispatch else {})


def text_input(
    *,
    initial: str = "",
    placeholder: str = "",
    multiline: bool = False,
    max_length: int = TEXT_LIMIT,
    focus: bool = False,
    action_id: str = VALUE,
) -> Block:
    """A text field; `initial` is cut to `max_length` (at most 3000)."""
    if not 1 <= max_length <= TEXT_LIMIT:
        raise ValueError(f"max_length is {max_length}; Slack takes 1 to {TEXT_LIMIT}")
    element: Block = {"type": "plain_text_input", "action_id": action_id, "max_length": max_length}
    if initial:
        element["initial_value"] = said(initial)[:max_length]
    if multiline:
        element["multiline"] = True
    return element | _extras(placeholder, focus)


def select(
    options: Sequence[Block], *, initial: str | None = None, placeholder: str = "", action_id: str = VALUE
) -> Block:
    """A drop-down of 1 to 100 options; `initial` is the value of one of them, and no other has any effect."""
    element: Block = {"type": "static_select", "action_id": action_id, "options": _counted(options, OPTIONS_LIMIT)}
    chosen = [item for item in options if item["value"] == initial]
    return element | _extras(placeholder) | ({"initial_option": chosen[0]} if chosen else {})


def external_multi_select(
    *, initial: Sequence[Block] = (), placeholder: str = "", min_query_length: int = 0, action_id: str = VALUE
) -> Block:
    """A multi select whose options we are asked for while people type."""
    element: Block = {"type": "multi_external_select", "action_id": action_id, "min_query_length": min_query_length}
    return element | _extras(placeholder) | ({"initial_options": list(initial)} if initial else {})


def external_select(
    *, initial: Block | None = None, placeholder: str = "", min_query_length: int = 0, action_id: str = VALUE
) -> Block:
    """A drop-down whose options we are asked for while people type."""
    element: Block = {"type": "external_select", "action_id": action_id, "min_query_length": min_query_length}
    return element | _extras(placeholder) | ({"initial_option": initial} if initial else {})


def checkboxes(options: Sequence[Block], *, initial: Sequence[str] = (), action_id: str = VALUE) -> Block:
    """1 to 10 boxes; `initial` holds the values of those that are ticked."""
    element: Block = {"type": "checkboxes", "action_id": action_id, "options": _counted(options, CHECKBOXES_LIMIT)}
    ticked = [item for item in options if item["value"] in initial]
    return element | ({"initial_options": ticked} if ticked else {})


def datetime_picker(*, initial: float | None = None, action_id: str = VALUE) -> Block:
    """A day and a time in the person's own zone; Unix seconds (ten digits) in and out."""
    element: Block = {"type": "datetimepicker", "action_id": action_id}
    return element if initial is None else element | {"initial_date_time": int(initial)}


def person_select(*, initial: str = "", action_id: str = VALUE) -> Block:
    """One person of the workspace; Slack lists bots and guests too."""
    element: Block = {"type": "users_select", "action_id": action_id}
    return element | ({"initial_user": initial} if initial else {})


def picked_person(state: State, block_id: str, action_id: str = VALUE) -> str:
    """The id of the chosen person; "" when nobody was chosen."""
    found = _item(state, block_id, action_id).get("selected_user")
    return found if isinstance(found, str) else ""


def typed(state: State, block_id: str, action_id: str = VALUE) -> str:
    """What stands in a text field or is chosen in a single select; "" when untouched, gone or of another kind."""
    item = _item(state, block_id, action_id)
    option = item.get("selected_option")
    found = option.get("value") if isinstance(option, Mapping) else item.get("value")
    return found if isinstance(found, str) else ""


def ticked(state: State, block_id: str, action_id: str = VALUE) -> tuple[str, ...]:
    """The values of ticked boxes or of a multi select, in Slack's order."""
    options = _item(state, block_id, action_id).get("selected_options")
    values = (item.get("value") for item in options if isinstance(item, Mapping)) if isinstance(options, list) else ()
    return tuple(value for value in values if isinstance(value, str))


def picked_time(state: State, block_id: str, action_id: str = VALUE) -> int | None:
    """Unix seconds of a date-time picker; None when nothing was picked."""
    found = _item(state, block_id, action_id).get("selected_date_time")
    return found if isinstance(found, int) else None


def _item(state: State, block_id: str, action_id: str) -> Mapping[str, Any]:
    block = state.get(block_id)
    item = block.get(action_id) if isinstance(block, Mapping) else None
    return item if isinstance(item, Mapping) else {}


def _extras(placeholder: str, focus: bool = False) -> Block:
    extras: Block = {"placeholder": plain(placeholder, PLACEHOLDER_LIMIT)} if placeholder else {}
    return extras | ({"focus_on_load": True} if focus else {})


def _counted(options: Sequence[Block], limit: int) -> list[Block]:
    if not 1 <= len(options) <= limit:
        raise ValueError(f"1 to {limit} options are needed, not {len(options)}")
    return list(options)


def clipped(text: str, limit: int) -> str:
    """For option texts made from names: cut, on one line."""
    return truncate(" ".join(said(text).split()), limit)
