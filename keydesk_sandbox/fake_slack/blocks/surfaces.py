"""What a message, a modal and a Home tab accept (slack.md A4, A5, G3-G6). Knows no state.

`message_problems` and `view_problems` return every fault they find, in the order of the blocks.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from keydesk_sandbox.fake_slack.blocks.layout import BLOCKS
from keydesk_sandbox.fake_slack.blocks.objects import plain
from keydesk_sandbox.fake_slack.blocks.schema import BlockProblem, Check, array, boolean, by_type, enum, record, string

Surface = Literal["message", "modal", "home"]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
MESSAGE_BLOCKS_CHARACTERS = 13_200  # unwritten; slack.md A5
MARKDOWN_CHARACTERS = 12_000
TABLES = 1
VISUALIZATIONS = 2

_EVERYWHERE = ("section", "header", "divider", "context", "actions", "input", "image", "rich_text", "video")
_MESSAGES_ONLY = (
    "markdown",
    "table",
    "context_actions",
    "plan",
    "task_card",
    "card",
    "carousel",
    "data_table",
    "data_visualization",
    "container",
)
ALLOWED: Mapping[Surface, tuple[str, ...]] = {
    "message": (*_EVERYWHERE, *_MESSAGES_ONLY),
    "modal": (*_EVERYWHERE, "alert"),
    # Reports disagree on data_visualization in Home: refused, so that nobody relies on it.
    "home": (*_EVERYWHERE, "data_table"),
}
REFUSED_ELEMENTS: Mapping[Surface, frozenset[str]] = {
    "message": frozenset({"number_input", "email_text_input", "url_text_input", "file_input", "rich_text_input"}),
    "modal": frozenset(),
    "home": frozenset({"number_input", "email_text_input", "url_text_input", "file_input", "datetimepicker"}),
}
_CHECKS: Mapping[Surface, Check] = {
    surface: by_type({name: BLOCKS[name] for name in names}) for surface, names in ALLOWED.items()
}


def elements_of(block: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The interactive elements of a block, those of blocks inside it too, each with its relative pointer."""
    if isinstance(block.get("accessory"), dict):
        yield block["accessory"], "/accessory"
    if isinstance(block.get("element"), dict):
        yield block["element"], "/element"
    if block.get("type") in {"actions", "context_actions"}:
        for index, element in enumerate(block.get("elements", [])):
            yield element, f"/elements/{index}"
    if block.get("type") == "card":
        for index, element in enumerate(block.get("actions", [])):
            yield element, f"/actions/{index}"
    for name in ("child_blocks", "elements") if block.get("type") in {"container", "carousel"} else ():
        for index, child in enumerate(block.get(name, [])):
            for element, at in elements_of(child):
                yield element, f"/{name}/{index}{at}"


def blocks_problems(blocks: Any, surface: Surface, at: str) -> list[BlockProblem]:
    """Every fault of a list of blocks on that surface."""
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    problems = list(array(_CHECKS[surface], most=most)(blocks, at))
    if problems:
        return problems
    problems += _duplicates(blocks, at)
    focused = 0
    for index, block in enumerate(blocks):
        for element, inner in elements_of(block):
            if element["type"] in REFUSED_ELEMENTS[surface]:
                problems.append(BlockProblem(f"unsupported type: {element['type']}", f"{at}/{index}{inner}/type"))
            focused += bool(element.get("focus_on_load"))
    if focused > 1:
        problems.append(BlockProblem("focus_on_load can only be set on one element", at))
    problems += _totals(blocks, at)
    return problems


def _duplicates(blocks: list[dict[str, Any]], at: str) -> Iterator[BlockProblem]:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield BlockProblem(f"block_id must be unique, found twice: {block_id}", f"{at}/{index}/block_id")
        seen.add(block_id or "")
        actions: set[str] = set()
        for element, inner in elements_of(block):
            action_id = element.get("action_id")
            if action_id and action_id in actions:
                text = f"action_id must be unique within its block, found twice: {action_id}"
                yield BlockProblem(text, f"{at}/{index}{inner}/action_id")
            actions.add(action_id or "")


def _totals(blocks: list[dict[str, Any]], at: str) -> Iterator[BlockProblem]:
    kinds = [block["type"] for block in blocks]
    for kind, most in (("table", TABLES), ("data_visualization", VISUALIZATIONS)):
        if kinds.count(kind) > most:
            yield BlockProblem(f"no more than {most} items allowed of type: {kind}", at)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_CHARACTERS:
        yield BlockProblem(f"must be less than {MARKDOWN_CHARACTERS + 1} characters in all markdown blocks", at)


def message_problems(blocks: Any, at: str = "/blocks") -> list[BlockProblem]:
    """Every fault of a message's blocks."""
    return blocks_problems(blocks, "message", at)


def message_too_long(blocks: list[dict[str, Any]]) -> bool:
    """Whether all blocks together pass the unwritten cap that gives `msg_blocks_too_long`."""
    return len(json.dumps(blocks, ensure_ascii=False)) > MESSAGE_BLOCKS_CHARACTERS


def _blocks_list(value: Any, at: str) -> Iterator[BlockProblem]:
    if not isinstance(value, list):
        yield BlockProblem("must provide an array", at)


_SHARED: dict[str, Check] = {
    "private_metadata": string(most=3000),
    "callback_id": string(most=255),
    "external_id": string(most=255),
}
_MODAL = record(
    {"type": enum("modal"), "title": plain(24), "blocks": _blocks_list},
    {**_SHARED, "submit": plain(24), "close": plain(24), "clear_on_close": boolean, "notify_on_close": boolean},
)
_HOME = record({"type": enum("home"), "blocks": _blocks_list}, _SHARED)


def view_problems(view: Any, surface: Surface, at: str = "/view") -> list[BlockProblem]:
    """Every fault of a view that is to be a modal or a Home tab."""
    problems = list((_MODAL if surface == "modal" else _HOME)(view, at))
    if isinstance(view, dict) and isinstance(view.get("blocks"), list):
        problems += blocks_problems(view["blocks"], surface, f"{at}/blocks")
        has_input = any(isinstance(block, dict) and block.get("type") == "input" for block in view["blocks"])
        if surface == "modal" and has_input and "submit" not in view:
            problems.append(BlockProblem("missing required field: submit", at))
    if problems:
        problems.insert(0, BlockProblem("failed to match all allowed schemas", at))
    return problems


def view_too_large(view: Any) -> bool:
    """Whether a view passes 250 kB."""
    return len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES
