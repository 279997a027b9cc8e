"""A payload as Slack sends it → a Delivery. The only place that knows the spelling of payloads (slack.md A3).

Bodies are signed, but that says only that they come from Slack: every field is checked for its type here, and what
cannot be recognised is a MalformedPayload. Texts are made storable: no NUL, no half of a surrogate pair.
"""

import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.slack.blocks import PRIVATE_METADATA_LIMIT
from bot.slack.delivery import Delivery, Kind, text_of
from bot.slack.responder import Responder

Body = dict[str, Any]
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
# Slack's ids have some ten characters; they go into columns of 40.
_LONGEST_SLACK_ID = 40
# Slack sends some 15 fields.
_MOST_FIELDS = 100
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INTERACTIONS = {
    "block_actions": Kind.ACTION,
    "view_submission": Kind.VIEW_SUBMISSION,
    "view_closed": Kind.VIEW_CLOSED,
    "shortcut": Kind.SHORTCUT,
    "message_action": Kind.MESSAGE_SHORTCUT,
    "block_suggestion": Kind.OPTIONS,
}


class MalformedPayload(ValueError):  # names what came, like the rest of our errors
    """Nothing that Slack sends looks like this. The text names the place, never the content."""


class NotForUs(MalformedPayload):  # as above
    """Signed, but of another workspace or another app. The text says which of them, and no id."""


def decode(raw: bytes, content_type: str) -> Body:
    """The body of an HTTP request as Slack's payload: a command's fields, an interaction, an event envelope."""
    form = content_type == FORM
    if not form and content_type != JSON:
        raise MalformedPayload("content type")
    try:
        text = raw.decode("utf-8")
        body = _from_form(raw, text) if form else json.loads(text)
        # An emoji is a pair of escapes, so most bodies with "\ud" are sound; the walk is for the rest.
        escaped = text.lower() if "\\u" in text or "%5C" in text or "%5c" in text else ""
        if "%00" in text or any(sign in escaped for sign in ("\\u0000", "\\ud", "%5cu")):
            body = storable(body)
    except (ValueError, RecursionError) as error:
        raise MalformedPayload("encoding") from error
    if not isinstance(body, dict) or not body:
        raise MalformedPayload("no object")
    return body


def _from_form(raw: bytes, text: str) -> Any:
    pairs = text.split("&")
    if len(pairs) > _MOST_FIELDS or (b"%" in raw and _NO_ESCAPE.search(raw) is not None):
        # Nothing that Slack sends; what it means is for the standard library to say.
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"))
    else:
        fields = {}
        for pair in pairs:
            if not pair:
                continue
            # A command has a dozen fields and hardly an escape.
            if "%" in pair or "+" in pair:
                name, _, value = pair.encode().partition(b"=")
                fields[_unquoted(name)] = _unquoted(value)
            else:
                plain, _, fields[plain] = pair.partition("=")
    return json.loads(fields["payload"]) if "payload" in fields else fields


def _unquoted(value: bytes) -> str:
    """A form's name or value whose escapes are whole. An interaction has hundreds, and urllib takes them one by one.

    Quoted-printable is the same code with another sign, and the standard library reads it in C: a fifth of the time.
    """
    plain = value.replace(b"+", b" ")
    quoted = plain.replace(b"=", b"=3D").replace(b"%", b"=")
    return binascii.a2b_qp(quoted).decode("utf-8", "replace")


def storable(value: Any) -> Any:
    """Every text in it without NUL and without halves of surrogate pairs, which no database takes."""
    if isinstance(value, str):
        sound = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return sound.replace("\0", "")
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list) else value


def to_delivery(body: Mapping[str, Any], *, responder: Responder, received_at: float) -> Delivery | None:
    """The delivery, or None for a type that we do not know. Raises MalformedPayload when a needed field is missing."""
    if "command" in body:
        delivery = _command(body, responder, received_at)
    elif body.get("type") == "event_callback":
        delivery = _event(body, responder, received_at)
    elif (kind := _INTERACTIONS.get(text_of(body, "type"))) is not None:
        delivery = _interaction(kind, body, responder, received_at)
    else:
        return None
    ids = (delivery.team_id, delivery.user_id, delivery.user_team_id, delivery.channel_id)
    if max(map(len, ids)) > _LONGEST_SLACK_ID:
        raise MalformedPayload("an id")
    if len(delivery.private_metadata) > PRIVATE_METADATA_LIMIT:
        raise MalformedPayload("private_metadata")
    return delivery


def _command(body: Mapping[str, Any], responder: Responder, received_at: float) -> Delivery:
    team_id = _needed(body, "team_id")
    return Delivery(
        kind=Kind.COMMAND,
        id=f"cmd:{team_id}:{_needed(body, 'trigger_id')}",
        team_id=team_id,
        user_id=_needed(body, "user_id"),
        # Only members of the installing workspace can use commands (slack.md D).
        user_team_id=team_id,
        channel_id=text_of(body, "channel_id"),
        text=text_of(body, "text"),
        trigger_id=text_of(body, "trigger_id"),
        response_url=text_of(body, "response_url"),
        payload=body,
        received_at=received_at,
        responder=responder,
    )


def _event(body: Mapping[str, Any], responder: Responder, received_at: float) -> Delivery:
    event = _part(body, "event")
    _needed(event, "type")
    user = event.get("user")
    user_id = text_of(user, "id") if isinstance(user, Mapping) else text_of(event, "user")
    return Delivery(
        kind=Kind.EVENT,
        id=f"evt:{_needed(body, 'event_id')}",
        team_id=text_of(body, "team_id"),
        user_id=user_id,
        user_team_id=text_of(user, "team_id") if isinstance(user, Mapping) else text_of(event, "user_team"),
        channel_id=text_of(event, "channel"),
        payload=body,
        received_at=received_at,
        responder=responder,
    )


def _interaction(kind: Kind, body: Mapping[str, Any], responder: Responder, received_at: float) -> Delivery:
    user = _part(body, "user")
    view = _optional(body, "view")
    # On an org-wide install `team` may be null; a view knows where it was opened.
    team_id = text_of(_optional(body, "team"), "id") or text_of(view, "app_installed_team_id")
    team_id = team_id or text_of(user, "team_id")
    delivery = Delivery(
        kind=kind,
        id="",
        team_id=team_id,
        user_id=_needed(user, "id"),
        user_team_id=text_of(user, "team_id") or team_id,
        # What happens in a view happens in no channel, whatever else the payload says.
        channel_id="" if view else _channel_of(body),
        trigger_id=text_of(body, "trigger_id"),
        response_url=text_of(body, "response_url"),
        payload=body,
        received_at=received_at,
        responder=responder,
    )
    object.__setattr__(delivery, "id", _IDS[kind](delivery))
    return delivery


def _channel_of(body: Mapping[str, Any]) -> str:
    return text_of(_optional(body, "channel"), "id") or text_of(_optional(body, "container"), "channel_id")


def _click_id(delivery: Delivery) -> str:
    """Two people, one effect: no user in it. Elements of one message may share an action id, so the value counts."""
    action_id = _needed(delivery.action, "action_id")
    value = f":{delivery.action_value}" if delivery.action_value else ""
    if delivery.view is None:
        return _cut(f"act:{delivery.team_id}:{delivery.channel_id}:{delivery.message_ts}:{action_id}{value}")
    # In a view one button may rightly be pressed again, and Slack says when it was.
    return _cut(f"act:{delivery.team_id}:{delivery.view_id}:{text_of(delivery.action, 'action_ts')}:{action_id}{value}")


def _view_id(delivery: Delivery) -> str:
    return _needed(delivery.view or {}, "id")


_IDS: dict[Kind, Callable[[Delivery], str]] = {
    Kind.ACTION: _click_id,
    Kind.VIEW_SUBMISSION: lambda d: f"sub:{d.team_id}:{_view_id(d)}",
    Kind.VIEW_CLOSED: lambda d: f"cls:{d.team_id}:{_view_id(d)}",
    Kind.SHORTCUT: lambda d: f"sct:{d.team_id}:{_needed(d.payload, 'trigger_id')}",
    Kind.MESSAGE_SHORTCUT: lambda d: f"sct:{d.team_id}:{_needed(d.payload, 'trigger_id')}",
    Kind.OPTIONS: lambda d: f"opt:{d.team_id}:{d.view_id}:{_needed(d.payload, 'block_id')}",
}
# The column requests.delivery_id holds 255 characters.
_LONGEST_ID = 255


def _cut(found: str) -> str:
    return found[:_LONGEST_ID]


def _needed(holder: Mapping[str, Any], name: str) -> str:
    value = text_of(holder, name)
    if not value:
        raise MalformedPayload(name)
    return value


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    if not isinstance(value, Mapping):
        raise MalformedPayload(name)
    return value


def _optional(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}
