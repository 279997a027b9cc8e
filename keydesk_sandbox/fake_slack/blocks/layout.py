"""Blocks with their limits (slack.md A5). Knows no surface.

The newer blocks are checked as far as slack.md A5 has numbers; what it leaves open is accepted.
"""

from collections.abc import Iterator
from typing import Any

from keydesk_sandbox.fake_slack.blocks.elements import ELEMENTS, IN_ACTIONS, IN_INPUT, IN_SECTION
from keydesk_sandbox.fake_slack.blocks.objects import IDENTIFIER, markup, plain
from keydesk_sandbox.fake_slack.blocks.schema import (
    BlockProblem,
    Check,
    an_object,
    array,
    boolean,
    by_type,
    enum,
    free,
    integer,
    number,
    record,
    string,
)


def pick(names: tuple[str, ...]) -> dict[str, Check]:
    """The checks of some elements."""
    return {name: ELEMENTS[name] for name in names}


def _block(kind: str, required: dict[str, Check], optional: dict[str, Check] | None = None, extra: Any = None) -> Check:
    return record({"type": enum(kind), **required}, {"block_id": IDENTIFIER, **(optional or {})}, extra=extra)


def _section(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    if "text" not in value and "fields" not in value:
        yield BlockProblem("missing required field: text", at)


def _image(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    if ("image_url" in value) == ("slack_file" in value):
        yield BlockProblem("must provide exactly one of: image_url, slack_file", at)


def _card(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    if not {"hero_image", "title", "actions", "body"} & value.keys():
        yield BlockProblem("must provide at least one of: hero_image, title, actions, body", at)


def _labels_fit(value: dict[str, Any], at: str) -> Iterator[BlockProblem]:
    categories = value["axis_config"]["categories"]
    for index, one in enumerate(value["series"]):
        if any(point["label"] not in categories for point in one["data"]):
            yield BlockProblem("labels must match the categories of axis_config", f"{at}/series/{index}/data")


_LABEL = string(least=1, most=20)
_SERIES = record({"name": _LABEL, "data": array(record({"label": _LABEL, "value": number}, {}), most=20, least=1)}, {})
_AXES = record(
    {"categories": array(_LABEL, most=20, least=1)}, {"x_label": string(most=50), "y_label": string(most=50)}
)
_DRAWN = {
    kind: record(
        {"type": enum(kind), "series": array(_SERIES, most=12, least=1), "axis_config": _AXES}, {}, extra=_labels_fit
    )
    for kind in ("bar", "line", "area")
}
_SEGMENT = record({"label": _LABEL, "value": number}, {})
CHART = by_type({**_DRAWN, "pie": record({"type": enum("pie"), "segments": array(_SEGMENT, most=12, least=1)}, {})})
IN_CONTEXT: dict[str, Check] = {
    "image": ELEMENTS["image"],
    "mrkdwn": markup(3000),
    "plain_text": markup(3000),
}
FEEDBACK = record(
    {"type": enum("feedback_buttons"), "positive_button": an_object, "negative_button": an_object},
    {"action_id": IDENTIFIER},
)
ICON = record(
    {"type": enum("icon_button"), "icon": string(least=1), "text": plain(75)},
    {
        "action_id": IDENTIFIER,
        "value": string(most=2000),
        "confirm": free,
        "accessibility_label": string(most=75),
        "visible_to_user_ids": array(string()),
    },
)
RICH_TEXT = _block(
    "rich_text",
    {
        "elements": array(
            by_type(
                dict.fromkeys(
                    ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"), an_object
                )
            )
        )
    },
)
CARD = _block(
    "card",
    {},
    {
        "title": markup(150),
        "subtitle": markup(150),
        "body": markup(200),
        "subtext": markup(200),
        "hero_image": an_object,
        "icon": an_object,
        "slack_icon": an_object,
        "actions": array(by_type(pick(("button",))), most=3),
    },
    _card,
)
CELL = by_type({"raw_text": an_object, "raw_number": an_object, "rich_text": an_object})

BLOCKS: dict[str, Check] = {
    "section": _block(
        "section",
        {},
        {
            "text": markup(3000),
            "fields": array(markup(2000), most=10, least=1),
            "accessory": by_type(pick(IN_SECTION)),
            "expand": boolean,
        },
        _section,
    ),
    "header": _block("header", {"text": plain(150)}, {"level": integer(least=1, most=6)}),
    "divider": _block("divider", {}),
    "context": _block("context", {"elements": array(by_type(IN_CONTEXT), most=10, least=1)}),
    "actions": _block("actions", {"elements": array(by_type(pick(IN_ACTIONS)), most=25, least=1)}),
    "context_actions": _block(
        "context_actions",
        {"elements": array(by_type({"feedback_buttons": FEEDBACK, "icon_button": ICON}), most=5, least=1)},
    ),
    "input": _block(
        "input",
        {"label": plain(2000), "element": by_type(pick(IN_INPUT))},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "image": _block(
        "image",
        {"alt_text": string(most=2000)},
        {"image_url": string(most=3000, least=1), "slack_file": an_object, "title": plain(2000)},
        _image,
    ),
    "rich_text": RICH_TEXT,
    "markdown": _block("markdown", {"text": string(most=12_000, least=1)}),
    "video": _block(
        "video",
        {"alt_text": string(), "title": plain(200), "thumbnail_url": string(), "video_url": string()},
        {
            "author_name": string(most=50),
            "description": plain(200),
            "provider_icon_url": string(),
            "provider_name": string(),
            "title_url": string(),
        },
    ),
    "table": _block(
        "table",
        {"rows": array(array(CELL, most=20, least=1), most=100, least=1)},
        {"column_settings": array(free, most=20)},
    ),
    "alert": _block(
        "alert",
        {"text": markup(200)},
        {"level": enum("default", "info", "warning", "error", "success")},
    ),
    "card": CARD,
    "carousel": _block("carousel", {"elements": array(by_type({"card": CARD}), most=10, least=1)}),
    "plan": _block("plan", {"title": free}, {"tasks": free}),
    "task_card": _block(
        "task_card",
        {"task_id": string(least=1), "title": string(least=1)},
        {
            "status": enum("pending", "in_progress", "complete", "error"),
            "details": free,
            "output": free,
            "sources": free,
        },
    ),
    "data_table": _block(
        "data_table",
        {"caption": free, "rows": array(array(CELL, most=20, least=1), most=201, least=1)},
        {"page_size": integer(least=1, most=100), "row_header_column_index": free},
    ),
    "data_visualization": _block("data_visualization", {"title": string(least=1, most=50), "chart": CHART}),
}
BLOCKS["container"] = _block(
    "container",
    {"child_blocks": array(by_type(BLOCKS), most=10, least=1)},
    {
        "title": markup(150),
        "rich_text_title": RICH_TEXT,
        "subtitle": markup(150),
        "icon": an_object,
        "has_header_divider": boolean,
        "width": enum("narrow", "standard", "wide", "full"),
        "is_collapsible": boolean,
        "default_collapsed": boolean,
    },
)
