"""From an alert to a dead key, over both transports."""

import logging

import httpx
import pytest

from bot.alerts import store
from bot.sandbox import alerts, seed
from tests.scenarios.alerting import SAM, base, cards, everything, learned, post, send
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

ADA = seed.ENGINEER
SOURCES = ("generic", "github", "gitguardian", "alertmanager")


@pytest.mark.parametrize("source", SOURCES)
async def test_a_signed_alert_leads_to_a_dead_key(desk: Desk, source: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await learned(desk)
    record = desk.key("production")
    value = desk.gateway.key_value(record.id)
    answer = await send(desk, source, f"OPENAI_API_KEY={value}")
    assert answer.status_code == 202
    alert_id = answer.json()["id"]

    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    assert {"disable", "rotate", "false_alarm"} <= set(buttons_of(card))
    assert (await desk.slack.click(SAM, card, "disable")).ok
    await desk.eventually(lambda: cards(desk, "dead"))
    assert desk.gateway.key(record.id).status == 2
    text = text_of(cards(desk)[0])
    assert "read back" in text
    assert "refused the key" in text
    assert "after the order" in text
    assert len(cards(desk)) == 1

    alert = await desk.app.database.read(store.get, alert_id)
    request = await desk.request(alert.actions[record.id].request_id)
    assert request.requester_id == SAM
    assert f"alert {alert_id}" in request.reason
    recorded = [line for line in await desk.audit("alert") if line["request_id"] == request.id]
    assert recorded[0]["actor"] == SAM
    assert recorded[0]["details"]["source"] == source
    assert value.removeprefix("sk-") not in everything(desk, caplog.text)


async def test_the_shortcut_finds_a_key_in_a_code_block_and_kills_it(desk: Desk) -> None:
    await learned(desk)
    record = desk.key("production")
    value = desk.gateway.key_value(record.id)
    code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": f"curl -H 'Bearer {value}'"}]}
    message = await desk.slack.post_as_app(
        seed.SECURITY_CHANNEL, "Leak", blocks=[{"type": "rich_text", "elements": [code]}]
    )
    assert (await desk.slack.shortcut(SAM, "disable_leaked_key", seed.SECURITY_CHANNEL, message.ts)).ok
    await desk.eventually(lambda: "production" in view_text(desk.slack.top_view(SAM)))
    shown = view_text(desk.slack.top_view(SAM))
    assert "Quota left" in shown
    assert value.removeprefix("sk-") not in shown

    before = len(desk.gateway.requests)
    assert (await desk.slack.click(SAM, desk.slack.top_view(SAM), "disable")).ok
    await desk.eventually(lambda: cards(desk, "dead"))
    assert desk.gateway.key(record.id).status == 2
    # One look for the decision, then the verified disable in two round trips: PUT and read back.
    calls = [(seen.method, seen.path) for seen in desk.gateway.requests[before:]]
    put = next(index for index, call in enumerate(calls) if call[0] == "PUT")
    assert [method for method, _ in calls[put : put + 2]] == ["PUT", "GET"]
    assert sum(method == "PUT" for method, _ in calls) == 1


async def test_a_thousand_deliveries_of_one_alert_make_one_card_and_one_disable(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    value = desk.gateway.key_value(record.id)
    sent = alerts.signed(
        "generic",
        alerts.body_of("generic", number=1, text=value),
        secret=desk.world.alert_secrets["generic"],
        now=desk.app.clock(),
    )
    async with httpx.AsyncClient(base_url=base(desk)) as client:
        answers = [await client.post(sent.path, headers=dict(sent.headers), content=sent.body) for _ in range(1_000)]
    assert {answer.status_code for answer in answers} == {202}
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 1
    card = (await desk.eventually(lambda: cards(desk, "delivered 1,000 times"), seconds=20))[0]
    for user in (SAM, seed.ADMIN, SAM):
        await desk.slack.click(user, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    assert len(cards(desk)) == 1
    assert sum(seen.method == "PUT" for seen in desk.gateway.requests) == 1


async def test_wrong_missing_old_and_future_proofs_are_refused_and_recorded(http_desk: Desk) -> None:
    desk = http_desk
    now = desk.app.clock()
    body = b'{"id": "x", "text": "nothing"}'
    for source in SOURCES:
        assert (await post(desk, source, body, secret="not-the-secret")).status_code == 401
    for source in ("generic", "gitguardian"):
        assert (await post(desk, source, body, now=now - 400)).status_code == 401
        assert (await post(desk, source, body, now=now + 400)).status_code == 401
    for _ in range(50):
        await post(desk, "generic", body, secret="not-the-secret")
    refused = [line["details"] for line in await desk.audit("refused") if "source" in line["details"]]
    assert {line["why"] for line in refused} == {"wrong proof", "too old", "from the future"}
    # The flood is one line now, and one more with the number at the end of the process or of the minute.
    assert len(refused) == 8
    assert not cards(desk)


async def test_a_masked_key_that_fits_two_records_is_shown_and_neither_is_touched(http_desk: Desk) -> None:
    desk = http_desk
    first = desk.gateway.add_key(name="twin-one", key="Abcd" + "1" * 40 + "wxyZ", unlimited_quota=True)
    second = desk.gateway.add_key(name="twin-two", key="Abcd" + "2" * 40 + "wxyZ", unlimited_quota=True)
    desk.app.alerts.changed()
    await learned(desk)
    await send(desk, "generic", "sk-Abcd**********wxyZ")
    card = (await desk.eventually(lambda: cards(desk, "fits 2 keys")))[0]
    assert (await desk.slack.click(SAM, card, "disable")).ok
    await desk.eventually(lambda: "twin-two" in view_text(desk.slack.top_view(SAM)))
    assert desk.gateway.key(first.id).status == desk.gateway.key(second.id).status == 1
    view = desk.slack.top_view(SAM)
    await desk.slack.click(SAM, view, "value", value=[str(second.id)])
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "disable")
    await desk.eventually(lambda: desk.gateway.key(second.id).status == 2)
    assert desk.gateway.key(first.id).status == 1


async def test_an_engineer_cannot_disable_what_is_not_theirs_and_it_is_recorded(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    desk.slack.workspace.channels[seed.SECURITY_CHANNEL].members.append(ADA)
    await desk.slack.click(ADA, card, "disable")
    await desk.eventually(lambda: [m for m in desk.slack.messages(seed.SECURITY_CHANNEL, ADA) if m.ephemeral_to == ADA])
    assert desk.gateway.key(record.id).status == 1
    refused = await desk.audit("refused")
    assert refused[-1]["actor"] == ADA
    assert refused[-1]["details"]["operation"] == "key.disable"


async def test_unknown_keys_are_shown_masked_and_nothing_is_touched(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = "sk-" + "Z9" * 24
    await send(desk, "generic", value)
    card = (await desk.eventually(lambda: cards(desk, "Unknown here")))[0]
    assert "sk-Z9Z9…Z9Z9" in text_of(card)
    assert "disable" not in buttons_of(card)
    assert value[3:] not in everything(desk)


async def test_the_leak_guard_answers_in_the_thread_and_tells_security_and_the_owner(desk: Desk) -> None:
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    value = desk.gateway.key_value(record.id)
    said = await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"it works with `{value}` now")
    answers = await desk.eventually(lambda: [m for m in desk.messages() if m.thread_ts == said.ts])
    assert "live key" in text_of(answers[0])
    assert "disable" in buttons_of(answers[0])
    await desk.eventually(lambda: cards(desk, "production"))
    await desk.slack.click(SAM, cards(desk)[0], "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    assert value.removeprefix("sk-") not in everything(desk)
