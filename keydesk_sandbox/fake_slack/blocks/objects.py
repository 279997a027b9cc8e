"""Composition objects: text, options, confirm dialogs (slack.md A5). Knows no block and no surface."""

from collections.abc import Iterator
from typing import Any

from keydesk_sandbox.fake_slack.blocks.schema import BlockProblem, Check, array, boolean, by_type, enum, record, string

IDENTIFIER = string(most=255)


def plain(most: int, *, least: int = 1) -> Check:
    """A plain_text object."""
    return record(
        {"type": enum("plain_text"), "text": string(most=most, least=least)},
        {"emoji": boolean},
    )


def markup(most: int) -> Check:
    """A plain_text or mrkdwn object."""
    mrkdwn = record({"type": enum("mrkdwn"), "text": string(most=most, least=1)}, {"verbatim": boolean})
    return by_type({"plain_text": plain(most), "mrkdwn": mrkdwn})


def option(*, text: Check | None = None, with_url: bool = False) -> Check:
    """An option; only those of an overflow menu may have a url."""
    optional: dict[str, Check] = {"description": markup(75)}
    if with_url:
        optional["url"] = string(most=3000)
    return record({"text": text or plain(75), "value": string(most=150)}, optional)


CHOICE = option(text=markup(75))  # checkboxes and radio buttons take mrkdwn
OPTION = option()
OPTION_GROUP = record({"label": plain(75), "options": array(OPTION, most=100, least=1)})
CONFIRM = record(
    {"title": plain(100), "text": markup(300), "confirm": plain(30), "deny": plain(30)},
    {"style": enum("primary", "danger")},
)
FILTER = record(
    {},
    {
        "include": array(enum("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
DISPATCH = record({"trigger_actions_on": array(enum("on_enter_pressed", "on_character_entered"), least=1, most=2)})


def one_source(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    """A static select has `options` or `option_groups`, never both, and its initial choice is one of them."""
    if ("options" in value) == ("option_groups" in value):
        yield BlockProblem("must provide exactly one of: options, option_groups", at)
        return
    known = values_of(value)
    chosen = value.get("initial_options") or ([value["initial_option"]] if "initial_option" in value else [])
    if any(entry["value"] not in known for entry in chosen):
        name = "initial_options" if "initial_options" in value else "initial_option"
        yield BlockProblem("must be one of the provided options", f"{at}/{name}")


def values_of(element: dict[str, Any]) -> set[str]:
    """The values of all options of a select, checkboxes or radio buttons."""
    return {entry["value"] for entry in options_of(element)}


def options_of(element: dict[str, Any]) -> list[dict[str, Any]]:
    """All options of an element, those in groups too."""
    grouped = [entry for group in element.get("option_groups") or [] for entry in group["options"]]
    return [*(element.get("options") or []), *grouped]
