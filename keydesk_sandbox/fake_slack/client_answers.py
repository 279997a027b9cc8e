"""Reads what an app answers to a submission or an options request (slack.md A1, A4, G1). Sends nothing."""

from collections.abc import Mapping
from typing import Any

from keydesk_sandbox.fake_slack.blocks.objects import OPTION, OPTION_GROUP
from keydesk_sandbox.fake_slack.blocks.schema import array, record
from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.views import View, ViewBook

_OPTIONS = record({"options": array(OPTION, most=100)})
_GROUPS = record({"option_groups": array(OPTION_GROUP, most=100)})


class BadAnswer(Exception):
    """Slack cannot use that body; the text says why."""


def apply_submission(views: ViewBook, view: View, body: Any) -> None:
    """Does what the app's answer to a submission says. Raises BadAnswer."""
    if body is None:
        views.close(view)
        return
    if not isinstance(body, Mapping):
        raise BadAnswer("The body is not a JSON object.")
    action = body.get("response_action")
    try:
        if action == "clear" and body.keys() == {"response_action"}:
            views.clear(view.user_id)
        elif action == "errors":
            view.errors = _errors(view, body)
        elif action == "update":
            views.update(view, body.get("view"), hash_seen=None)
        elif action == "push":
            views.push(view.user_id, body.get("view"), on=view.id)
        else:
            raise BadAnswer(f"Unknown response_action: {action!r}.")
    except ApiError as error:
        raise BadAnswer(f"{error.code} {error.extra or ''}".strip()) from error


def _errors(view: View, body: Mapping[str, Any]) -> dict[str, str]:
    errors = body.get("errors")
    if not isinstance(errors, dict) or not errors:
        raise BadAnswer("`errors` must be an object with at least one block.")
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    for block_id, text in errors.items():
        if block_id not in inputs:
            raise BadAnswer(f"{block_id!r} is no input block of this view.")
        if not isinstance(text, str) or not text:
            raise BadAnswer(f"The error of {block_id!r} must be a text.")
    return dict(errors)


def read_options(body: Any) -> list[dict[str, Any]]:
    """All options of an answer to block_suggestion. Raises BadAnswer."""
    if not isinstance(body, Mapping):
        raise BadAnswer("The body is not a JSON object.")
    problems = list((_GROUPS if "option_groups" in body else _OPTIONS)(dict(body), ""))
    if problems:
        raise BadAnswer("; ".join(str(problem) for problem in problems))
    if "option_groups" in body:
        return [option for group in body["option_groups"] for option in group["options"]]
    return list(body["options"])
