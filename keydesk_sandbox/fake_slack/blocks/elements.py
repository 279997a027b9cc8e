"""Block elements with their limits (slack.md A5). Knows no block and no surface."""

import re
from collections.abc import Iterator
from typing import Any

from keydesk_sandbox.fake_slack.blocks.objects import (
    CHOICE,
    CONFIRM,
    DISPATCH,
    FILTER,
    IDENTIFIER,
    OPTION,
    OPTION_GROUP,
    one_source,
    option,
    plain,
)
from keydesk_sandbox.fake_slack.blocks.schema import (
    BlockProblem,
    Check,
    an_object,
    array,
    boolean,
    enum,
    integer,
    record,
    string,
)

OPTIONS = array(OPTION, most=100, least=1)
GROUPS = array(OPTION_GROUP, most=100, least=1)
DATE = string(form=lambda text: re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None)
TIME = string(form=lambda text: re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is not None)
NUMBER = string(form=lambda text: re.fullmatch(r"-?\d+(\.\d+)?", text) is not None)
SOME_IDS = array(string(least=1))


def _element(
    kind: str,
    optional: dict[str, Check],
    *,
    required: dict[str, Check] | None = None,
    extra: Check | None = None,
    confirm: bool = True,
    focus: bool = True,
) -> Check:
    shared: dict[str, Check] = {"action_id": IDENTIFIER}
    if confirm:
        shared["confirm"] = CONFIRM
    if focus:
        shared["focus_on_load"] = boolean
    return record({"type": enum(kind), **(required or {})}, {**shared, **optional}, extra=extra)


def _lengths(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    if value.get("min_length", 0) > value.get("max_length", 3000):
        yield BlockProblem("min_length must be less than max_length", at)
    initial = value.get("initial_value")
    if initial is not None and len(initial) > value.get("max_length", 3000):
        yield BlockProblem(f"must be less than {value.get('max_length', 3000) + 1} characters", f"{at}/initial_value")


def _numbers(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    low, high = value.get("min_value"), value.get("max_value")
    if low is not None and high is not None and float(low) > float(high):
        yield BlockProblem("min_value must be less than max_value", at)
    for name in ("min_value", "max_value", "initial_value"):
        if not value["is_decimal_allowed"] and "." in str(value.get(name) or ""):
            yield BlockProblem("must be an integer", f"{at}/{name}")


def _chosen_known(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    known = [entry["value"] for entry in value["options"]]
    chosen = value.get("initial_options") or ([value["initial_option"]] if "initial_option" in value else [])
    if any(entry["value"] not in known for entry in chosen):
        yield BlockProblem("must be one of the provided options", at)
    if len(set(known)) != len(known):
        yield BlockProblem("option values must be unique", f"{at}/options")


SHOWN: dict[str, Check] = {"placeholder": plain(150)}
TYPED: dict[str, Check] = {**SHOWN, "initial_value": string(), "dispatch_action_config": DISPATCH}
MANY: dict[str, Check] = {**SHOWN, "max_selected_items": integer(least=1)}
TEN = array(CHOICE, most=10, least=1)

ELEMENTS: dict[str, Check] = {
    "button": _element(
        "button",
        {
            "value": string(most=2000),
            "url": string(most=3000),
            "style": enum("primary", "danger"),
            "accessibility_label": string(most=75),
        },
        required={"text": plain(75)},
        focus=False,
    ),
    "overflow": _element(
        "overflow", {}, required={"options": array(option(with_url=True), most=5, least=1)}, focus=False
    ),
    "image": record(
        {"type": enum("image"), "alt_text": string(most=2000)},
        {
            "image_url": string(most=3000, least=1),
            "slack_file": an_object,
        },
    ),
    "static_select": _element(
        "static_select",
        {**SHOWN, "options": OPTIONS, "option_groups": GROUPS, "initial_option": OPTION},
        extra=one_source,
    ),
    "multi_static_select": _element(
        "multi_static_select",
        {**MANY, "options": OPTIONS, "option_groups": GROUPS, "initial_options": array(OPTION, most=100, least=1)},
        extra=one_source,
    ),
    "external_select": _element(
        "external_select", {**SHOWN, "min_query_length": integer(least=0), "initial_option": OPTION}
    ),
    "multi_external_select": _element(
        "multi_external_select",
        {**MANY, "min_query_length": integer(least=0), "initial_options": array(OPTION, most=100, least=1)},
    ),
    "users_select": _element("users_select", {**SHOWN, "initial_user": string(least=1)}),
    "multi_users_select": _element("multi_users_select", {**MANY, "initial_users": SOME_IDS}),
    "conversations_select": _element(
        "conversations_select",
        {
            **SHOWN,
            "initial_conversation": string(least=1),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": FILTER,
        },
    ),
    "multi_conversations_select": _element(
        "multi_conversations_select",
        {**MANY, "initial_conversations": SOME_IDS, "default_to_current_conversation": boolean, "filter": FILTER},
    ),
    "channels_select": _element(
        "channels_select", {**SHOWN, "initial_channel": string(least=1), "response_url_enabled": boolean}
    ),
    "multi_channels_select": _element("multi_channels_select", {**MANY, "initial_channels": SOME_IDS}),
    "checkboxes": _element("checkboxes", {"initial_options": TEN}, required={"options": TEN}, extra=_chosen_known),
    "radio_buttons": _element(
        "radio_buttons", {"initial_option": CHOICE}, required={"options": TEN}, extra=_chosen_known
    ),
    "datepicker": _element("datepicker", {**SHOWN, "initial_date": DATE}),
    "timepicker": _element("timepicker", {**SHOWN, "initial_time": TIME, "timezone": string(least=1)}),
    "datetimepicker": _element(
        "datetimepicker", {"initial_date_time": integer(least=1_000_000_000, most=9_999_999_999)}
    ),
    "plain_text_input": _element(
        "plain_text_input",
        {
            **TYPED,
            "multiline": boolean,
            "min_length": integer(least=0, most=3000),
            "max_length": integer(least=1, most=3000),
        },
        extra=_lengths,
        confirm=False,
    ),
    "number_input": _element(
        "number_input",
        {**TYPED, "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
        required={"is_decimal_allowed": boolean},
        extra=_numbers,
        confirm=False,
    ),
    "email_text_input": _element("email_text_input", TYPED, confirm=False),
    "url_text_input": _element("url_text_input", TYPED, confirm=False),
    "rich_text_input": _element(
        "rich_text_input",
        {
            **SHOWN,
            "initial_value": an_object,
            "dispatch_action_config": DISPATCH,
            "min_lines": integer(least=1, most=100),
            "max_lines": integer(least=1, most=100),
        },
        confirm=False,
    ),
    "file_input": _element(
        "file_input",
        {"filetypes": array(string(least=1), least=1), "max_files": integer(least=1, most=10)},
        confirm=False,
        focus=False,
    ),
}

SELECTS = (
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
)
MULTI_SELECTS = tuple(f"multi_{name}" for name in SELECTS)
CHOICES = ("checkboxes", "radio_buttons", "datepicker", "timepicker")
# Where an element may stand; what a surface refuses beyond that is in surfaces.py.
IN_SECTION = ("button", "overflow", "image", *SELECTS, *MULTI_SELECTS, *CHOICES)
IN_ACTIONS = ("button", "overflow", *SELECTS, *MULTI_SELECTS, *CHOICES, "datetimepicker", "rich_text_input")
IN_INPUT = (
    *SELECTS,
    *MULTI_SELECTS,
    *CHOICES,
    "datetimepicker",
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "rich_text_input",
    "file_input",
)
