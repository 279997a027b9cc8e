import json
import logging
from collections.abc import AsyncIterator, MutableMapping
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.slack import signature
from bot.slack.blocks import section
from bot.slack.delivery import Ack, Delivery, Ephemeral, FieldErrors, Options
from bot.slack.http_endpoint import BODY_LIMIT, SlackEndpoint, http_app
from bot.slack.router import Router
from tests.slack import kit

JSON = "application/json"


@pytest.fixture
def router() -> Router:
    return Router()


@pytest.fixture
def slack(router: Router) -> kit.Slack:
    return kit.Slack(router)


def proof(body: bytes, timestamp: str) -> str:
    return signature.sign(kit.SECRET, timestamp, body)


def headers(timestamp: str, value: str) -> list[tuple[Any, ...]]:
    return [("X-Slack-Request-Timestamp", timestamp), ("X-Slack-Signature", value)]


def test_the_signature_is_slacks_own_worked_example() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
        b"47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    secret = SecretStr("8f742231b10e8888abcd99yyyzzz85a5")
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature.sign(secret, "1531420618", body) == expected


async def test_a_command_is_answered_in_the_response(slack: kit.Slack, router: Router) -> None:
    async def show(delivery: Delivery) -> Ack:
        return Ephemeral("help", (section("hi"),))

    router.command("help", show)
    response = await slack.command()
    assert response.status_code == 200
    assert response.json() == {"response_type": "ephemeral", "text": "help", "blocks": [section("hi")]}


async def test_a_submission_is_answered_in_the_response(slack: kit.Slack, router: Router) -> None:
    async def refuse(delivery: Delivery) -> Ack:
        return FieldErrors({"name": "Taken."})

    router.view("key.create", refuse)
    assert (await slack.interaction(kit.submission())).json() == {
        "response_action": "errors",
        "errors": {"name": "Taken."},
    }


async def test_options_are_answered_in_the_response(slack: kit.Slack, router: Router) -> None:
    async def some(delivery: Delivery) -> Ack:
        return Options([{"text": delivery.query}])

    router.options("model_limits", some)
    payload = kit.interaction(
        "block_suggestion", block_id="model_limits", action_id="value", value="gp", view=kit.view()
    )
    assert (await slack.interaction(payload)).json() == {"options": [{"text": "gp"}]}


async def test_a_click_gets_an_empty_answer(slack: kit.Slack) -> None:
    response = await slack.interaction(kit.click())
    assert (response.status_code, response.content) == (200, b"")


async def test_a_handler_that_breaks_is_still_answered_with_200(slack: kit.Slack, router: Router) -> None:
    async def broken(delivery: Delivery) -> None:
        raise RuntimeError("sk-secret")

    router.command("new", broken)
    router.event("user_change", broken)
    response = await slack.command("new")
    assert response.status_code == 200
    assert "sk-secret" not in response.text
    assert (await slack.event({"type": "user_change"})).status_code == 200


async def test_a_payload_type_we_do_not_know_is_acknowledged(slack: kit.Slack) -> None:
    assert (await slack.interaction(kit.interaction("workflow_step_edit"))).status_code == 200
    assert (await slack.event({"type": "unheard_of"})).status_code == 200


@pytest.mark.parametrize("kind", ["ssl_check=1", "command=%2Fapikey", '{"type":"url_verification","challenge":"x"}'])
async def test_nothing_unsigned_comes_in(slack: kit.Slack, kind: str) -> None:
    response = await slack.post(kind.encode(), headers=[])
    assert (response.status_code, response.content) == (401, b"")
    assert slack.counted == ["rejected"]


NOW = str(int(kit.NOW))
BODY = urlencode(kit.command("new")).encode()


@pytest.mark.parametrize(
    "given",
    [
        headers(NOW, "v0=" + "0" * 64),
        headers(NOW, "v1=" + proof(BODY, NOW)[3:]),
        headers(NOW, proof(BODY, NOW).upper()),
        headers(NOW, proof(BODY, NOW)[:-1]),
        headers(NOW, proof(BODY + b"&text=delete", NOW)),
        headers(NOW, ""),
        [("X-Slack-Request-Timestamp", NOW), (b"X-Slack-Signature", "v0=é".encode())],
        headers(str(int(kit.NOW) - 301), proof(BODY, str(int(kit.NOW) - 301))),
        headers(str(int(kit.NOW) + 301), proof(BODY, str(int(kit.NOW) + 301))),
        headers("", proof(BODY, "")),
        headers("now", proof(BODY, "now")),
        headers("+" + NOW, proof(BODY, "+" + NOW)),
        headers(NOW + ".0", proof(BODY, NOW + ".0")),
        headers("1_800_000_000", proof(BODY, "1_800_000_000")),
        headers("-" + NOW, proof(BODY, "-" + NOW)),
        headers("9" * 400, proof(BODY, "9" * 400)),
        headers(NOW, proof(BODY, NOW)) + headers(NOW, proof(BODY, NOW)),
        [*headers(NOW, proof(BODY, NOW)), ("X-Slack-Signature", "v0=other")],
        [("X-Slack-Request-Timestamp", NOW)],
        [("X-Slack-Signature", proof(BODY, NOW))],
    ],
)
async def test_a_doubtful_signature_is_refused_with_one_quiet_line(
    slack: kit.Slack, given: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    response = await slack.post(BODY, headers=given)
    assert (response.status_code, response.content) == (401, b"")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert len(lines) == 1
    assert "new" not in lines[0]
    assert "U0ANN" not in lines[0]


async def test_five_minutes_either_way_are_fine(slack: kit.Slack) -> None:
    for drift in (-300, 300):
        timestamp = str(int(kit.NOW) + drift)
        assert (await slack.post(BODY, headers=headers(timestamp, proof(BODY, timestamp)))).status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", kit.FORM),
        (b"", JSON),
        (BODY, "text/plain"),
        (BODY, JSON),
        (b"\xff\xff", JSON),
        (b"{" * 5000, JSON),
        (b"payload=%7B", kit.FORM),
        (b'{"type":"event_callback","event":5}', JSON),
        (b"command=%2Fapikey", kit.FORM),
        (urlencode({"payload": '{"type":"block_actions","user":{"id":"U1"},"actions":5}'}).encode(), kit.FORM),
    ],
)
async def test_signed_rubbish_is_a_bad_request(slack: kit.Slack, body: bytes, content_type: str) -> None:
    response = await slack.post(body, content_type=content_type)
    assert (response.status_code, response.content) == (400, b"")
    assert slack.counted == ["malformed"]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [*kit.click(), "view", "event", "command", "ssl_check", "authorizations", "enterprise", "event_id", "token"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["block_actions", "view_submission", "event_callback", "block_suggestion", "message_action"]),
    st.dictionaries(st.sampled_from(FIELDS), JSONS, max_size=4),
)
async def test_odd_but_signed_payloads_never_break_us(slack: kit.Slack, kind: str, changes: dict[str, Any]) -> None:
    payload = kit.click() | {"view": kit.view(), "callback_id": "c", "block_id": "b"} | changes | {"type": kind}
    response = await slack.post(json.dumps(payload).encode(), content_type=JSON)
    assert response.status_code in {200, 400, 403}


STRANGE = {
    "a command of another workspace": urlencode(kit.command("new", team_id="T0OTHER")).encode(),
    "a submission": urlencode({"payload": json.dumps(kit.submission(team={"id": "T0OTHER"}))}).encode(),
    "a shortcut": urlencode(
        {"payload": json.dumps(kit.interaction("shortcut", callback_id="new_key", team={"id": "T0OTHER"}))}
    ).encode(),
    "a command of another app": urlencode(kit.command("new", api_app_id="A0OTHER")).encode(),
    "a click of another app": urlencode({"payload": json.dumps(kit.click(api_app_id="A0OTHER"))}).encode(),
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE)
async def test_what_is_for_another_workspace_or_app_is_refused_with_one_quiet_line(
    slack: kit.Slack, router: Router, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    called = []

    async def handler(delivery: Delivery) -> None:
        called.append(delivery)

    router.command("new", handler)
    router.action("approve", handler)
    router.view("key.create", handler)
    router.shortcut("new_key", handler)
    await slack.command("help")
    caplog.clear()
    response = await slack.post(body)
    assert (response.status_code, response.content, response.headers["x-slack-no-retry"]) == (403, b"", "1")
    assert slack.counted == ["stranger"]
    assert called == []
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert len(lines) == 1
    assert "U0ANN" not in lines[0]
    # Who tried from another workspace is put on record.
    assert len(slack.strangers) == (0 if b"A0OTHER" in body else 1)


async def test_an_event_of_another_workspace_is_refused_unless_it_is_shared_with_ours(
    slack: kit.Slack, router: Router
) -> None:
    seen = []

    async def listen(delivery: Delivery) -> None:
        seen.append(delivery.team_id)

    router.event("message", listen)
    message = {"type": "message"}
    await slack.command("help")
    assert (await slack.event(message, team_id="T0OTHER")).status_code == 403
    assert (await slack.event(message, team_id="T0OTHER", authorizations=[{"team_id": "T0X"}, 5])).status_code == 403
    assert (await slack.event(message, team_id="T0OTHER", authorizations=[{"team_id": kit.TEAM}])).status_code == 200
    assert (await slack.event(message, api_app_id="A0OTHER")).status_code == 403
    assert seen == ["T0OTHER"]
    assert slack.strangers == []


async def test_an_app_id_that_no_delivery_agrees_with_turns_nobody_away(slack: kit.Slack, router: Router) -> None:
    async def handler(_delivery: Delivery) -> Ack:
        return Ephemeral("here")

    router.command("new", handler)
    assert (await slack.command("new", api_app_id="A0WRONGLYTOLD")).status_code == 200
    assert (await slack.command("new")).status_code == 200
    assert (await slack.command("new", api_app_id="A0WRONGLYTOLD")).status_code == 403


async def test_somebody_of_another_workspace_in_a_window_of_ours_is_left_to_the_policy(
    slack: kit.Slack, router: Router
) -> None:
    seen = []

    async def handler(delivery: Delivery) -> None:
        seen.append(delivery.user_team_id)

    router.view("key.create", handler)
    theirs: dict[str, Any] = {"team": {"id": "T0OTHER"}, "user": {"id": "U0THEM", "team_id": "T0OTHER"}}
    view = kit.submission()["view"] | {"app_installed_team_id": kit.TEAM}
    assert (await slack.interaction(kit.submission(**theirs, view=view))).status_code == 200
    # Nobody of ours sends from elsewhere.
    ours = kit.submission(view=view, team={"id": "T0OTHER"})
    assert (await slack.interaction(ours)).status_code == 403
    assert seen == ["T0OTHER"]


async def test_anybody_may_click(slack: kit.Slack, router: Router) -> None:
    seen = []

    async def approve(delivery: Delivery) -> None:
        seen.append(delivery.team_id)

    router.action("approve", approve)
    click = kit.click(team={"id": "T0OTHER"}, user={"id": "U9", "team_id": "T0OTHER"})
    assert (await slack.interaction(click)).status_code == 200
    assert seen == ["T0OTHER"]


async def test_a_stranger_is_refused_also_while_nothing_can_be_put_on_record(
    slack: kit.Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_delivery: Delivery) -> None:
        raise RuntimeError("away")

    monkeypatch.setattr(slack.edge, "on_stranger", broken)
    assert (await slack.command("new", team_id="T0OTHER")).status_code == 403


async def test_a_large_body_is_refused_before_it_is_kept(slack: kit.Slack) -> None:
    body = b"x" * (BODY_LIMIT + 1)
    assert (await slack.post(body)).status_code == 413

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 50_000

    transport = httpx.ASGITransport(app=slack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://keydesk.test") as client:
        response = await client.post("/slack/events", content=drip(), headers=headers(NOW, proof(b"", NOW)))
    assert response.status_code == 413
    assert slack.counted == ["too_large", "too_large"]


async def test_half_a_body_is_no_body(slack: kit.Slack) -> None:
    sent: list[MutableMapping[str, Any]] = []
    messages = iter([{"type": "http.request", "body": BODY[:20], "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    names = [(name.lower().encode(), value.encode()) for name, value in headers(NOW, proof(BODY, NOW))]
    scope = {"type": "http", "method": "POST", "path": "/slack/events", "headers": names, "query_string": b""}
    await slack.app(scope, receive, send)
    assert sent[0]["status"] == 401


async def test_the_same_request_again_is_answered_and_counted(
    slack: kit.Slack, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert (await slack.command("new")).status_code == 200
        assert (await slack.command("new")).status_code == 200
    assert slack.counted == ["repeated"]


async def test_other_methods_and_paths_are_not_there(slack: kit.Slack) -> None:
    transport = httpx.ASGITransport(app=slack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://keydesk.test") as client:
        assert (await client.get("/slack/events")).status_code == 405
        assert (await client.post("/")).status_code == 404


async def test_other_rooms_routes_are_served_and_socket_mode_has_no_slack_route() -> None:
    async def health(request: Request) -> PlainTextResponse:
        return PlainTextResponse("fine")

    app = http_app(endpoint=None, routes=[Route("/healthz", health)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://keydesk.test") as client:
        assert (await client.get("/healthz")).text == "fine"
        assert (await client.post("/slack/events")).status_code == 404


def test_an_empty_secret_is_refused_at_the_start(slack: kit.Slack) -> None:
    with pytest.raises(ValueError, match="empty signing secret"):
        SlackEndpoint(edge=slack.edge, signing_secret=SecretStr(""), clock=lambda: 0.0)
