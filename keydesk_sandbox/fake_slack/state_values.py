"""The values of interactive elements: what is untouched, what a person chose, what fits (slack.md A3, G7).

Knows elements, not views: `views.py` keeps the values, `client_views.py` asks before a submission.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from keydesk_sandbox.fake_slack.blocks import elements_of, options_of
from keydesk_sandbox.fake_slack.errors import ClientRefusal

Value = dict[str, Any]

# Element type → (field of the state value, initial field of the element, whether it holds several)
_FIELDS: dict[str, tuple[str, str, bool]] = {
    "plain_text_input": ("value", "initial_value", False),
    "number_input": ("value", "initial_value", False),
    "email_text_input": ("value", "initial_value", False),
    "url_text_input": ("value", "initial_value", False),
    "rich_text_input": ("rich_text_value", "initial_value", False),
    "static_select": ("selected_option", "initial_option", False),
    "external_select": ("selected_option", "initial_option", False),
    "radio_buttons": ("selected_option", "initial_option", False),
    "users_select": ("selected_user", "initial_user", False),
    "conversations_select": ("selected_conversation", "initial_conversation", False),
    "channels_select": ("selected_channel", "initial_channel", False),
    "datepicker": ("selected_date", "initial_date", False),
    "timepicker": ("selected_time", "initial_time", False),
    "datetimepicker": ("selected_date_time", "initial_date_time", False),
    "multi_static_select": ("selected_options", "initial_options", True),
    "multi_external_select": ("selected_options", "initial_options", True),
    "checkboxes": ("selected_options", "initial_options", True),
    "multi_users_select": ("selected_users", "initial_users", True),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", True),
    "multi_channels_select": ("selected_channels", "initial_channels", True),
    "file_input": ("files", "", True),
}
_OPTION_FIELDS = frozenset({"selected_option", "selected_options"})
_PATTERNS = {
    "datepicker": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "timepicker": re.compile(r"([01]\d|2[0-3]):[0-5]\d"),
}


def stateful_elements(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The elements of a block that have a value."""
    for element, _ in elements_of(block):
        if element["type"] in _FIELDS:
            yield element


def initial_value(element: Mapping[str, Any]) -> Value:
    """The state value of an element that nobody touched: its initial value, or null."""
    field, initial, several = _FIELDS[element["type"]]
    return {"type": element["type"], field: element.get(initial, [] if several else None)}


def is_empty(value: Value) -> bool:
    """Whether nothing is typed or chosen."""
    field = _FIELDS[value["type"]][0]
    return value[field] in (None, "", [])


def plain_value(value: Value) -> Any:
    """What a person would say is in the field: text, an option's value, a list of them, or None."""
    content = value[_FIELDS[value["type"]][0]]
    if _FIELDS[value["type"]][0] in _OPTION_FIELDS:
        if isinstance(content, list):
            return [entry["value"] for entry in content]
        return content["value"] if content else None
    return content


def chosen_value(element: Mapping[str, Any], given: Any, offered: list[dict[str, Any]]) -> Value:
    """The state value after a person typed or chose `given`.

    `given` is a string, a list of strings or None; for selects with options these are option values.
    `offered` holds the options an external select has shown. Raises ClientRefusal for what isn't offered.
    """
    kind = element["type"]
    field, _, several = _FIELDS[kind]
    if several:
        if given is not None and not isinstance(given, list):
            given = [given]
        content: Any = [_one(element, entry, offered) for entry in given or []]
        most = element.get("max_selected_items")
        if most is not None and len(content) > most:
            raise ClientRefusal(f"No more than {most} items can be chosen in {element['action_id']}.")
    elif given is None or given == "":
        content = None
    else:
        content = _one(element, given, offered)
    return {"type": kind, field: content}


def _one(element: Mapping[str, Any], given: Any, offered: list[dict[str, Any]]) -> Any:
    kind = element["type"]
    if _FIELDS[kind][0] in _OPTION_FIELDS:
        known = [*options_of(dict(element)), *offered, *element.get("initial_options", [])]
        if "initial_option" in element:
            known.append(element["initial_option"])
        for entry in known:
            if entry["value"] == given:
                return entry
        raise ClientRefusal(f"There is no option {given!r} in {element['action_id']}.")
    if kind == "datetimepicker":
        return int(given)
    if kind == "rich_text_input":
        return given if isinstance(given, dict) else _rich_text(str(given))
    text = str(given)
    pattern = _PATTERNS.get(kind)
    if pattern is not None and not pattern.fullmatch(text):
        raise ClientRefusal(f"{text!r} cannot be chosen in a {kind}.")
    return text


def _rich_text(text: str) -> dict[str, Any]:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def complaint(element: Mapping[str, Any], value: Value, *, optional: bool) -> str | None:
    """What the client says under a field before it sends anything; None when the field is right."""
    if is_empty(value):
        return None if optional else "Please complete this required field."
    content = plain_value(value)
    check = _COMPLAINTS.get(element["type"])
    return check(element, content) if check is not None else None


def _length(element: Mapping[str, Any], text: str) -> str | None:
    if len(text) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    most = element.get("max_length", 3000)
    return f"Please enter no more than {most} characters." if len(text) > most else None


def _number(element: Mapping[str, Any], text: str) -> str | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return "Please enter a number."
    if "." in text and not element["is_decimal_allowed"]:
        return "Please enter a whole number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and float(text) < float(low):
        return f"Please enter a number of at least {low}."
    return f"Please enter a number of at most {high}." if high is not None and float(text) > float(high) else None


def _email(_: Mapping[str, Any], text: str) -> str | None:
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) else "Please enter a valid email address."


def _url(_: Mapping[str, Any], text: str) -> str | None:
    return None if re.fullmatch(r"https?://[^\s/]+\S*", text) else "Please enter a valid URL."


_COMPLAINTS = {
    "plain_text_input": _length,
    "number_input": _number,
    "email_text_input": _email,
    "url_text_input": _url,
}
