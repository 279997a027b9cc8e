"""A wish before it is sent: what stands in the fields of a form, by block id. Templates, commands and old requests
fill forms with it. Knows no operation and no client.
"""

from collections.abc import Mapping
from typing import Any

from bot.features.forms.fields import CUSTOM, EXPIRY, EXPIRY_AT, NEVER_CHOICE, SPANS, shown_moment
from bot.languages import said
from bot.operations import Expiry, Filled
from bot.slack.blocks import Block, option
from bot.slack.inputs import State, clipped

_TEXT_LIMIT = 3000
# Slack shows so many chosen options, each with a value of so many characters.
_CHOSEN, _LONGEST = 100, 150


def expiry_fields(expiry: Expiry, *, now: float) -> dict[str, Filled]:
    """An expiry as the form has it; a moment that has passed is left out, so that the usual choice stands there."""
    spans = {seconds: choice for choice, seconds in SPANS.items()}
    if expiry.seconds in spans:
        return {EXPIRY: spans[expiry.seconds]}
    moment = expiry.moment(now)
    if expiry.seconds is None and expiry.at is None:
        return {EXPIRY: NEVER_CHOICE}
    return {EXPIRY: CUSTOM, EXPIRY_AT: moment} if moment > now and shown_moment(moment) else {}


def prefilled(view: Mapping[str, Any], fields: Mapping[str, Filled]) -> dict[str, Any]:
    """The form with these fields filled in; a field that it does not have is passed over."""
    blocks = [
        block | {"element": _filled(block["element"], fields[block["block_id"]])}
        if block["type"] == "input" and block["block_id"] in fields
        else block
        for block in view["blocks"]
    ]
    return {**view, "blocks": blocks}


def _filled(element: Block, value: Filled) -> Block:
    kind = element["type"]
    plain = {name: part for name, part in element.items() if not name.startswith("initial_")}
    if kind == "plain_text_input":
        text = said(value if isinstance(value, str) else "\n".join(_many(value)))
        cut = text[: element.get("max_length", _TEXT_LIMIT)]
        return plain | ({"initial_value": cut} if cut else {})
    if kind == "datetimepicker":
        return plain | {"initial_date_time": value}
    if kind == "users_select":
        return plain | ({"initial_user": value} if value else {})
    offered = element.get("options")
    wanted = [one for one in _many(value) if 0 < len(one) <= _LONGEST][:_CHOSEN]
    options = [option(clipped(one, 70), one) for one in wanted] if offered is None else _of(offered, wanted)
    if kind in {"checkboxes", "multi_external_select"}:
        return plain | ({"initial_options": options} if options else {})
    # What a select does not offer leaves it as it is.
    return plain | {"initial_option": options[0]} if options else element


def _of(offered: list[Block], wanted: list[str]) -> list[Block]:
    return [one for one in offered if one["value"] in wanted]


def _many(value: Filled) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("on",) if value else ()
    return value if isinstance(value, tuple) else (str(value),)


def typed_fields(state: State) -> dict[str, Filled]:
    """What stands in an open form, to be put into the next drawing of it."""
    found: dict[str, Filled] = {}
    for block_id, actions in state.items():
        item = next(iter(actions.values()), {})
        chosen = item.get("selected_option")
        several = item.get("selected_options")
        if isinstance(several, list):
            found[block_id] = tuple(str(one.get("value", "")) for one in several)
        elif isinstance(chosen, Mapping):
            found[block_id] = str(chosen.get("value", ""))
        elif isinstance(item.get("selected_date_time"), int):
            found[block_id] = item["selected_date_time"]
        elif isinstance(item.get("value"), str):
            found[block_id] = item["value"]
    return found


def as_state(fields: Mapping[str, Filled]) -> State:
    """The fields as Slack would send them, for a form that is drawn by what is chosen in it."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    for block_id, value in fields.items():
        if isinstance(value, bool | tuple):
            content: dict[str, Any] = {"selected_options": [{"value": one} for one in _many(value)]}
        elif isinstance(value, int):
            content = {"selected_date_time": value}
        else:
            content = {"value": said(value), "selected_option": {"value": said(value)}}
        state[block_id] = {"value": content}
    return state
