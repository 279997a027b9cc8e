"""views.*: open, push, update, publish (slack.md A4, G2, G3, G8, G20)."""

from typing import Any

from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.people import PersonKind
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.web_api.parts import Method, Parts


def _view(arguments: Arguments) -> Any:
    return arguments.object("view", "invalid_arguments")


def _open(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    trigger = parts.triggers.check(arguments.required("trigger_id"))
    view = parts.views.open(trigger.user_id, _view(arguments))
    trigger.used = True
    return {"view": parts.views.wire(view)}


def _push(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    trigger = parts.triggers.check(arguments.required("trigger_id"))
    if trigger.view_id is None:
        raise ApiError("not_found")
    view = parts.views.push(trigger.user_id, _view(arguments), on=trigger.view_id)
    trigger.used = True
    return {"view": parts.views.wire(view)}


def _update(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    view = parts.views.find(
        view_id=arguments.text("view_id") or None, external_id=arguments.text("external_id") or None
    )
    parts.views.update(view, _view(arguments), hash_seen=arguments.text("hash") or None)
    return {"view": parts.views.wire(view)}


def _publish(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    if not parts.core.app.home_tab:
        raise ApiError("not_enabled")
    person = parts.person(arguments.required("user_id", "user_not_found"))
    if person.kind in {PersonKind.BOT, PersonKind.DEACTIVATED, PersonKind.STRANGER}:
        raise ApiError("user_not_found")
    view = parts.views.publish(person.id, _view(arguments), hash_seen=arguments.text("hash") or None)
    return {"view": parts.views.wire(view)}


METHODS = {
    "views.open": Method(run=_open, covered="trigger ids, validation, external_id; replaces an open stack"),
    "views.push": Method(run=_push, covered="only with a trigger from inside the modal; three views"),
    "views.update": Method(run=_update, covered="view_id or external_id, hash, kept input values"),
    "views.publish": Method(run=_publish, covered="Home per person, hash, not_enabled"),
}
