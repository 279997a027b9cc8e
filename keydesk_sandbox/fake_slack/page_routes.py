"""The page's API under /sandbox/api/: thin routes over the simulator. Draws nothing."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.errors import ApiError, ClientRefusal
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.page_state import page_state
from keydesk_sandbox.fake_slack.people import PersonKind
from keydesk_sandbox.fake_slack.simulator import SlackSimulator
from keydesk_sandbox.fake_slack.views import View

HEARTBEAT_SECONDS = 15.0
Act = Callable[[SlackSimulator, Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Malformed(Exception):
    """A field of the request is missing or of the wrong type."""


def page_routes(slack: SlackSimulator) -> list[Route]:
    """All routes of the page API but the gateway's."""

    async def state(request: Request) -> Response:
        me = request.query_params.get("as", "")
        if me not in slack.workspace.people:
            return JSONResponse({"ok": False, "error": f"There is no person {me!r}."}, status_code=400)
        return JSONResponse(page_state(slack, me))

    async def events(_: Request) -> Response:
        return StreamingResponse(versions(slack), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    posts = [
        Route(f"/sandbox/api/{name}", _post(slack, act), methods=["POST"], name=name) for name, act in ACTIONS.items()
    ]
    return [Route("/sandbox/api/state", state), Route("/sandbox/api/events", events), *posts]


async def versions(slack: SlackSimulator) -> AsyncIterator[str]:
    """Server-Sent Events: the version at once and on each change, a comment when nothing changes."""
    seen = -1
    # Without this check an open page would keep the sandbox from stopping.
    while not slack.ended:
        version = await slack.core.wait_for_change(seen=seen, seconds=HEARTBEAT_SECONDS)
        yield f"data: {json.dumps({'version': version})}\n\n" if version != seen else ": still here\n\n"
        seen = version


def _post(slack: SlackSimulator, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        try:
            answer = await act(slack, _object(await request.json()))
        except ValueError:
            return JSONResponse({"ok": False, "error": "The body must be JSON."}, status_code=400)
        except Malformed as error:
            return JSONResponse({"ok": False, "error": str(error)}, status_code=400)
        except ClientRefusal as refusal:
            return JSONResponse({"ok": False, "error": str(refusal)})
        except ApiError as error:
            return JSONResponse({"ok": False, "error": error.code})
        return JSONResponse(answer)

    return route


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Malformed("The body must be a JSON object.")
    return body


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Malformed(f"The field {name!r} must be a text.")
    return value


def _maybe(body: Mapping[str, Any], name: str) -> str | None:
    return _text(body, name) if body.get(name) is not None else None


def _outcome(answer: AppAnswer | None) -> dict[str, Any]:
    if answer is None or answer.ok:
        return {"ok": True}
    return {"ok": False, "error": answer.failure}


def _view(slack: SlackSimulator, body: Mapping[str, Any]) -> View:
    view = slack.view_book.open_view(_text(body, "view_id"))
    if view is None:
        raise ClientRefusal("That modal is not open any more.")
    return view


def _where(slack: SlackSimulator, body: Mapping[str, Any]) -> View | SlackMessage:
    if body.get("view_id") is not None:
        return _view(slack, body)
    message = slack.message_book.find(_text(body, "channel"), _text(body, "ts"), ephemeral=True)
    if message is None:
        raise ClientRefusal("That message is not there any more.")
    return message


async def _say(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    said = await slack.say(
        _text(body, "as"), _text(body, "channel"), _text(body, "text"), thread_ts=_maybe(body, "thread_ts")
    )
    return _outcome(said) if isinstance(said, AppAnswer) else {"ok": True, "ts": said.ts}


async def _click(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    return _outcome(
        await slack.click(
            _text(body, "as"),
            _where(slack, body),
            _text(body, "action_id"),
            value=body.get("value"),
            block_id=_maybe(body, "block_id"),
        )
    )


async def _input(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    return _outcome(
        await slack.type_in(
            _text(body, "as"),
            _view(slack, body),
            _text(body, "block_id"),
            body.get("value"),
            action_id=_maybe(body, "action_id"),
            dispatch=body.get("dispatch") is not False,
        )
    )


async def _submit(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    view = _view(slack, body)
    answer = await slack.submit(_text(body, "as"), view)
    return {**_outcome(answer), "ok": answer.ok and not view.errors, "errors": view.errors, "banner": view.banner}


async def _close(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    return _outcome(await slack.close_view(_text(body, "as"), _view(slack, body), clear=bool(body.get("clear", False))))


async def _options(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = await slack.options(
        _text(body, "as"),
        _where(slack, body),
        _text(body, "block_id"),
        _text(body, "value"),
        action_id=_maybe(body, "action_id"),
    )
    if answer.failure == "not_sent":
        return {"ok": True, "options": []}
    return {"ok": True, **answer.body} if answer.ok else {"ok": False, "error": answer.failure}


async def _shortcut(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    return _outcome(
        await slack.shortcut(_text(body, "as"), _text(body, "callback_id"), _maybe(body, "channel"), _maybe(body, "ts"))
    )


async def _home(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    return _outcome(await slack.open_home(_text(body, "as")))


async def _dismiss(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    slack.dismiss(_text(body, "as"), _text(body, "id"))
    return {"ok": True}


async def _account(slack: SlackSimulator, body: Mapping[str, Any]) -> dict[str, Any]:
    """What an administrator of the workspace does: an account is deactivated, or activated again."""
    user, active = _text(body, "user"), body.get("active")
    person = slack.workspace.people.get(user)
    if not isinstance(active, bool) or person is None or person.kind is PersonKind.BOT or person.is_outside:
        raise Malformed("An account of this workspace is `active` or not: true or false.")
    if active is (person.kind is PersonKind.DEACTIVATED):
        await (slack.changes.reactivate(user) if active else slack.changes.deactivate(user))
    return {"ok": True}


ACTIONS: Mapping[str, Act] = {
    "say": _say,
    "click": _click,
    "input": _input,
    "submit": _submit,
    "close": _close,
    "options": _options,
    "shortcut": _shortcut,
    "home": _home,
    "dismiss": _dismiss,
    "account": _account,
}
