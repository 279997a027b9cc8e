import asyncio
from typing import Any

import pytest

from bot.errors import GatewayError
from bot.slack.ack_body import body_of
from bot.slack.blocks import modal, section
from bot.slack.delivery import Ack, CloseAll, Delivery, Ephemeral, FieldErrors, Kind, Options, Push, Replace
from bot.slack.errors import SlackRefused, SlackUnavailable, TriggerExpired, ViewClosed
from bot.slack.responder import Responder
from tests.narrow import present
from tests.slack import kit
from tests.slack.kit import NotingWeb, make_delivery, make_responder

LOADING = modal("key.show", "Key", [section("Loading…")])
READY = modal("key.show", "Key", [section("Here it is")])
NOT_THERE = SlackRefused(method="chat.postEphemeral", code="user_not_in_channel")


@pytest.fixture
def web() -> NotingWeb:
    return NotingWeb()


@pytest.fixture
def responder(web: NotingWeb) -> Responder:
    return make_responder(web)


def click(responder: Responder, **changes: Any) -> Delivery:
    return make_delivery(Kind.ACTION, responder=responder, trigger_id="1.2", **changes)


async def test_words_go_to_the_response_url_first(web: NotingWeb, responder: Responder) -> None:
    await responder.tell(click(responder, response_url="http://127.0.0.1/r", channel_id="C1"), "hi")
    assert web.responded == [
        ("http://127.0.0.1/r", {"response_type": "ephemeral", "replace_original": False, "text": "hi"})
    ]
    assert web.calls == []


async def test_then_to_the_channel_then_to_a_dm(web: NotingWeb, responder: Responder) -> None:
    web.fail = {"response_url": SlackRefused(method="response_url", code="http_404"), "chat.postEphemeral": NOT_THERE}
    await responder.tell(click(responder, response_url="http://127.0.0.1/r", channel_id="C1"), "hi")
    assert web.methods == ["chat.postEphemeral", "chat.postMessage"]
    assert web.calls[0][1] == {"channel": "C1", "user": "U0ANN", "text": "hi"}
    assert web.calls[1][1]["channel"] == "DU0ANN"


async def test_in_a_dm_there_is_nothing_ephemeral_to_try(web: NotingWeb, responder: Responder) -> None:
    await responder.tell(click(responder, channel_id="D1"), "hi")
    assert web.methods == ["chat.postMessage"]


async def test_filling_opens_at_once_and_draws_later(web: NotingWeb, responder: Responder) -> None:
    gate = asyncio.Event()

    async def work() -> dict[str, Any]:
        await gate.wait()
        return READY

    await responder.fill(click(responder), LOADING, work)
    assert web.methods == ["views.open"]
    gate.set()
    await responder.drain(grace=1)
    assert web.calls[1] == ("views.update", {"view_id": "V1", "view": READY})


async def test_filling_from_within_a_modal_lays_it_on_top(web: NotingWeb, responder: Responder) -> None:
    async def work() -> dict[str, Any]:
        return READY

    await responder.fill(click(responder, payload={"view": kit.view()}), LOADING, work)
    await responder.drain(grace=1)
    assert web.methods == ["views.push", "views.update"]


async def test_an_error_while_filling_takes_the_place_of_the_loading_view(web: NotingWeb, responder: Responder) -> None:
    async def work() -> dict[str, Any]:
        raise GatewayError("The gateway is away.")

    await responder.fill(click(responder), LOADING, work)
    await responder.drain(grace=1)
    view = web.calls[1][1]["view"]
    assert view["title"]["text"] == "Key"
    assert view["blocks"][0]["text"]["text"].startswith("The gateway is away. Reference ")


async def test_a_view_that_was_closed_meanwhile_is_no_error(
    web: NotingWeb, responder: Responder, caplog: pytest.LogCaptureFixture
) -> None:
    web.fail["views.update"] = ViewClosed(method="views.update", code="not_found")

    async def work() -> dict[str, Any]:
        return READY

    await responder.fill(click(responder), LOADING, work)
    await responder.drain(grace=1)
    assert web.methods == ["views.open", "views.update"]
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


async def test_a_view_whose_opening_was_not_confirmed_is_found_by_a_name_of_ours(
    web: NotingWeb, responder: Responder
) -> None:
    web.fail["views.open"] = SlackUnavailable(unsure=True)

    async def work() -> dict[str, Any]:
        return READY

    await responder.fill(click(responder), LOADING, work)
    await responder.drain(grace=1)
    assert web.methods == ["views.open", "views.update"]
    name = web.calls[0][1]["view"]["external_id"]
    assert web.calls[1][1] == {"external_id": name, "view": READY}
    await responder.fill(click(responder), LOADING, work)
    await responder.drain(grace=1)
    assert web.calls[2][1]["view"]["external_id"] != name


async def test_a_view_that_never_opened_is_said(web: NotingWeb, responder: Responder) -> None:
    web.fail["views.open"] = SlackUnavailable(unsure=True)
    web.fail["views.update"] = ViewClosed(method="views.update", code="not_found")

    async def work() -> dict[str, Any]:
        return READY

    await responder.fill(click(responder, response_url="http://127.0.0.1/r"), LOADING, work)
    await responder.drain(grace=1)
    assert "If it is not there, please try again" in web.responded[0][1]["text"]


async def test_an_expired_trigger_is_the_callers_to_hear(web: NotingWeb, responder: Responder) -> None:
    web.fail["views.open"] = TriggerExpired(method="views.open", code="expired_trigger_id")

    async def work() -> dict[str, Any]:
        return READY

    with pytest.raises(TriggerExpired):
        await responder.fill(click(responder), LOADING, work)


async def test_background_work_that_fails_tells_the_person(web: NotingWeb, responder: Responder) -> None:
    async def work() -> dict[str, Any]:
        raise GatewayError("The gateway is away.")

    responder.later(work(), delivery=click(responder, response_url="http://127.0.0.1/r"))
    await responder.drain(grace=1)
    assert web.responded[0][1]["text"].startswith("The gateway is away.")


async def test_background_work_that_fails_while_slack_is_away_ends_quietly(
    web: NotingWeb, responder: Responder, caplog: pytest.LogCaptureFixture
) -> None:
    web.fail = {"response_url": SlackUnavailable(), "chat.postMessage": SlackUnavailable()}

    async def work() -> None:
        raise RuntimeError("boom")

    responder.later(work(), delivery=click(responder, response_url="http://127.0.0.1/r"))
    responder.later(work())
    await responder.drain(grace=1)
    assert responder.busy == 0
    assert [record.levelname for record in caplog.records].count("ERROR") == 2


async def test_draining_ends_what_does_not_end(responder: Responder, caplog: pytest.LogCaptureFixture) -> None:
    responder.later(asyncio.sleep(60))
    await asyncio.sleep(0)
    await responder.drain(grace=0.01)
    assert responder.busy == 0
    assert "stopped 1 background tasks" in caplog.text


async def test_a_warning_lies_over_the_modal_or_home_that_was_clicked(web: NotingWeb, responder: Responder) -> None:
    await responder.warn(click(responder, payload={"view": kit.view()}), "Too late.")
    await responder.warn(click(responder, payload={"view": kit.view() | {"type": "home"}}), "Too late.")
    assert web.methods == ["views.push", "views.open"]


async def test_a_warning_without_a_window_becomes_a_message(web: NotingWeb, responder: Responder) -> None:
    web.fail["views.push"] = TriggerExpired(method="views.push", code="expired_trigger_id")
    await responder.warn(click(responder, payload={"view": kit.view()}), "Too late.")
    assert web.methods == ["views.push", "chat.postMessage"]


async def test_the_home_is_published(web: NotingWeb, responder: Responder) -> None:
    await responder.publish_home("U1", {"type": "home"})
    await responder.update_modal(make_delivery(Kind.ACTION, payload={"view": {"id": "V1"}}), READY, hash="h1")
    assert web.calls == [
        ("views.publish", {"user_id": "U1", "view": {"type": "home"}}),
        ("views.update", {"view_id": "V1", "view": READY, "hash": "h1"}),
    ]


@pytest.mark.parametrize(
    ("ack", "body"),
    [
        (None, None),
        (FieldErrors({"name": "Taken."}), {"response_action": "errors", "errors": {"name": "Taken."}}),
        (Replace(READY), {"response_action": "update", "view": READY}),
        (Push(READY), {"response_action": "push", "view": READY}),
        (CloseAll(), {"response_action": "clear"}),
    ],
)
def test_a_submission_is_answered_in_its_response(responder: Responder, ack: Ack, body: dict[str, Any] | None) -> None:
    assert body_of(ack, make_delivery(Kind.VIEW_SUBMISSION, responder=responder)) == body


def test_at_most_a_hundred_options_are_sent() -> None:
    delivery = make_delivery(Kind.OPTIONS)
    assert len(present(body_of(Options([{"n": n} for n in range(150)]), delivery))["options"]) == 100
    assert body_of(None, delivery) == {"options": []}


async def test_a_click_is_answered_by_calls(web: NotingWeb, responder: Responder) -> None:
    in_modal = {"payload": {"view": kit.view()}}
    assert body_of(Replace(READY), click(responder, **in_modal)) is None
    assert body_of(Push(READY), click(responder, **in_modal)) is None
    assert body_of(Replace(READY), click(responder)) is None
    assert body_of(Ephemeral("hi", (section("hi"),)), click(responder, channel_id="C1")) is None
    assert body_of(FieldErrors({"a": "Wrong."}), click(responder, channel_id="C1")) is None
    assert body_of(CloseAll(), click(responder)) is None
    await responder.drain(grace=1)
    assert web.methods == ["views.update", "views.push", "views.open", "chat.postEphemeral", "chat.postEphemeral"]
