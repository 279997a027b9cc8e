"""From an alert to a dead key, over both transports."""

import asyncio
import json
import logging
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.alerts import store
from bot.alerts.intake.github import GithubApi
from keydesk_sandbox import alerts, seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack import SlackMessage
from tests.narrow import expect
from tests.scenarios.alerting import SAM, base, cards, everything, learned, post, send
from tests.scenarios.desk import Desk, buttons_of, open_desk, text_of, view_text

ADA = seed.ENGINEER


def named(desk: Desk, name: str) -> list[Record]:
    records = desk.gateway.keys()
    return [record for record in records if record.name == name]


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
    assert desk.app.health.registry.get_sample_value("keydesk_time_to_dead_seconds_count") == 1
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


@pytest.mark.parametrize("times", [100, pytest.param(1_000, marks=pytest.mark.soak)])
async def test_many_deliveries_of_one_alert_make_one_card_and_one_disable(http_desk: Desk, times: int) -> None:
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
        answers = [await client.post(sent.path, headers=dict(sent.headers), content=sent.body) for _ in range(times)]
    assert {answer.status_code for answer in answers} == {202}
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 1
    card = (await desk.eventually(lambda: cards(desk, f"delivered {times:,} times"), seconds=20))[0]
    # At once: each sees the card as it was before the first click.
    await asyncio.gather(*(desk.slack.click(user, card, "disable") for user in (SAM, seed.ADMIN, SAM)))
    await desk.eventually(lambda: cards(desk, "dead"))
    assert len(cards(desk)) == 1
    assert sum(seen.method == "PUT" for seen in desk.gateway.requests) == 1


@pytest.mark.thorough
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


async def test_the_time_counts_from_the_click_that_was_allowed(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    alert_id = (await send(desk, "generic", desk.gateway.key_value(record.id))).json()["id"]
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    desk.slack.workspace.channels[seed.SECURITY_CHANNEL].members.append(ADA)
    await desk.slack.click(ADA, card, "disable")
    await desk.eventually(lambda: [m for m in desk.slack.messages(seed.SECURITY_CHANNEL, ADA) if m.ephemeral_to == ADA])
    await desk.pass_time(100)
    allowed_from = desk.clock()
    await desk.slack.click(SAM, cards(desk, "production")[0], "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    action = (await desk.app.database.read(store.get, alert_id)).actions[record.id]
    assert (action.by, action.clicked_at >= allowed_from) == (SAM, True)


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
    answers = await desk.eventually(
        lambda: [m for m in desk.messages() if m.thread_ts == expect(SlackMessage, said).ts]
    )
    assert "live key" in text_of(answers[0])
    assert "disable" in buttons_of(answers[0])
    await desk.eventually(lambda: cards(desk, "production"))
    await desk.slack.click(SAM, cards(desk)[0], "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    assert value.removeprefix("sk-") not in everything(desk)


async def test_the_answer_in_a_thread_says_so_when_the_key_was_disabled_for_another_alert(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    await send(desk, "generic", value)
    await desk.eventually(lambda: cards(desk, "signed webhook"))
    said = await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"it works with `{value}` now")
    await desk.eventually(
        lambda: [
            m for m in desk.messages() if m.thread_ts == expect(SlackMessage, said).ts and "live key" in text_of(m)
        ]
    )
    await desk.eventually(lambda: cards(desk, "Seen 2 times"))
    assert len(cards(desk, "production")) == 1
    await desk.slack.click(SAM, cards(desk, "production")[0], "disable")
    await desk.eventually(
        lambda: [
            m for m in desk.messages() if m.thread_ts == expect(SlackMessage, said).ts and "It is dead" in text_of(m)
        ]
    )


async def test_the_owner_is_told_and_asks_for_a_replacement_with_the_same_settings(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key("ci-runner"))
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "ci-runner")))[0]
    await desk.slack.click(SAM, card, "disable")
    notice = (
        await desk.eventually(lambda: [m for m in desk.dm(ADA, "was leaked") if "request_replacement" in buttons_of(m)])
    )[0]
    assert len([m for m in desk.dm(ADA) if "ci-runner" in text_of(m)]) == 1
    await desk.slack.click(ADA, notice, "request_replacement")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.create")
    view = desk.slack.top_view(ADA)
    values = {block["block_id"]: block["element"] for block in view.body["blocks"] if block["type"] == "input"}
    assert values["name"]["initial_value"] == "ci-runner-2"
    assert values["remain_quota"]["initial_value"] == "1.25M"
    assert values["allow_ips"]["initial_value"] == "198.51.100.10\n203.0.113.0/24"
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok


async def test_auto_disable_acts_first_and_tells_afterwards(tmp_path: Path, sqlite_url: str) -> None:
    policy = seed.POLICY + '\n[alerts]\nauto_disable = ["generic", "slack"]\n'
    async with open_desk(tmp_path, database_url=sqlite_url, policy=policy) as desk:
        await learned(desk)
        record = await desk.own(ADA, desk.key("production"))
        other = desk.key("notebooks")
        await send(desk, "generic", desk.gateway.key_value(record.id))
        await send(desk, "gitguardian", desk.gateway.key_value(other.id))
        await desk.eventually(lambda: cards(desk, "dead"))
        assert desk.gateway.key(record.id).status == 2
        assert "auto_disable" in text_of(cards(desk, "dead")[0])
        await desk.eventually(lambda: desk.dm(ADA, "was leaked"))
        await desk.eventually(lambda: cards(desk, "notebooks"))
        assert desk.gateway.key(other.id).status == 1
        request = await desk.request(1)
        assert request.judgement.decision.rule == "[alerts] auto_disable"
        # A masked one is never acted on without a person.
        third = desk.key("ci-runner")
        value = desk.gateway.key_value(third.id).removeprefix("sk-")
        await send(desk, "generic", f"sk-{value[:4]}**********{value[-4:]}", number=2)
        await desk.eventually(lambda: cards(desk, "may have leaked"))
        assert desk.gateway.key(third.id).status == 1


async def test_a_false_alarm_closes_it_and_is_recorded(desk: Desk) -> None:
    await learned(desk)
    await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.slack.click(SAM, card, "false_alarm")
    await desk.eventually(lambda: cards(desk, "False alarm, says"))
    assert buttons_of(cards(desk)[0]) == []
    assert (await desk.audit("false_alarm"))[0]["actor"] == SAM
    assert desk.key("production").status == 1


async def test_rotating_ends_the_leaked_key_once_its_successor_was_revealed(http_desk: Desk) -> None:
    desk = http_desk
    policy = seed.POLICY.replace('["key.disable", "key.enable",', '["key.disable", "key.enable", "key.rotate",')
    desk.world.policy_path.write_text(policy, encoding="utf-8")
    assert desk.app.policy.look()
    await learned(desk)
    record = await desk.own(ADA, desk.key("ci-runner"))
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "ci-runner")))[0]
    await desk.slack.click(SAM, card, "rotate")
    await desk.eventually(lambda: "Quota left" in view_text(desk.slack.top_view(SAM)))
    assert (await desk.slack.click(SAM, desk.slack.top_view(SAM), "rotate")).ok
    await desk.eventually(lambda: named(desk, "ci-runner (2)"))
    assert desk.gateway.key(record.id).status == 1
    offer = await desk.eventually(lambda: [m for m in desk.dm(ADA) if "reveal" in " ".join(buttons_of(m))])
    await desk.slack.click(ADA, offer[0], next(one for one in buttons_of(offer[0]) if "reveal" in one))
    await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)
    await desk.eventually(lambda: cards(desk, "dead"))


async def test_the_secret_of_a_github_alert_is_fetched(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"number": 7, "secret": desk.gateway.key_value(record.id)})

    api = GithubApi(token=SecretStr("test-token"), transport=httpx.MockTransport(answer))
    desk.app.alerts.triage.github = api
    await send(desk, "github", "nothing of the sort", number=7)
    await desk.eventually(lambda: cards(desk, "production"))
    assert [str(request.url) for request in asked] == [
        "https://api.github.com/repos/lighthouse/search/secret-scanning/alerts/7"
    ]
    await api.aclose()


async def test_a_gateway_that_masks_keys_gives_fingerprints_through_its_reveal(tmp_path: Path, sqlite_url: str) -> None:
    async with open_desk(tmp_path, database_url=sqlite_url, profile="upstream") as desk:
        await desk.eventually(lambda: desk.app.alerts.index.fingerprinted == len(desk.gateway.keys()))
        record = desk.key("production")
        await send(desk, "generic", desk.gateway.key_value(record.id))
        card = (await desk.eventually(lambda: cards(desk, "whole value matched")))[0]
        await desk.slack.click(SAM, card, "disable")
        await desk.eventually(lambda: cards(desk, "dead"))


async def test_a_gateway_that_hides_values_still_gets_a_proof_from_the_leaked_one(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with open_desk(tmp_path, database_url=sqlite_url, profile="upstream") as desk:
        await desk.eventually(lambda: len(desk.app.alerts.index) == len(desk.gateway.keys()))
        late = desk.gateway.add_key(name="late", unlimited_quota=True)
        desk.gateway.switch("reveal", False)
        desk.gateway.switch("batch_reveal", False)
        await send(desk, "generic", desk.gateway.key_value(late.id))
        card = (await desk.eventually(lambda: cards(desk, "first and last characters fit")))[0]
        assert (await desk.slack.click(SAM, card, "disable")).ok
        await desk.eventually(lambda: cards(desk, "refused the key"))
        assert desk.gateway.key(late.id).status == 2


@pytest.mark.thorough
async def test_bodies_that_are_too_large_broken_deep_or_for_nobody(desk: Desk) -> None:
    assert (await post(desk, "generic", b"x" * 1_000_001)).status_code == 413
    assert (await post(desk, "generic", b"{not json")).status_code == 400
    assert (await post(desk, "generic", b'{"text": "\xff\xfe"}')).status_code == 400
    assert (await post(desk, "generic", b"[" * 200_000)).status_code == 400
    deep = b'{"id": "deep", "text": "x", "more": ' + b'{"a":' * 400 + b"1" + b"}" * 401
    assert (await post(desk, "generic", deep)).status_code == 202
    assert (await post(desk, "generic", b'{"id": "nul", "title": "a\\u0000b\\ud800c"}')).status_code == 202
    async with httpx.AsyncClient() as client:
        assert (await client.post(base(desk) + "/alerts/unheard-of", content=b"{}")).status_code == 404
        assert (await client.post(base(desk) + "/alerts/generic", content=b"{}")).status_code == 401
    many = json.dumps({"id": "many", "text": " ".join(f"sk-{n:048d}" for n in range(18_000))}).encode()
    assert (await post(desk, "generic", many)).status_code == 202
    await desk.eventually(lambda: cards(desk, "very long"))
    assert (expect(SlackMessage, await desk.slack.say(ADA, seed.KEYS_CHANNEL, "all well"))).text == "all well"


@pytest.mark.thorough
@pytest.mark.postgres
async def test_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with open_desk(tmp_path, database_url=postgres_url) as desk:
        await learned(desk)
        records = [desk.key("production"), desk.key("ci-runner")]
        for number, record in enumerate(records):
            await send(desk, "generic", desk.gateway.key_value(record.id), number=number)
        await desk.eventually(lambda: len(cards(desk, "Quota left")) == 2)
        await asyncio.gather(
            *(desk.slack.click(user, card, "disable") for card in cards(desk) for user in (SAM, seed.ADMIN))
        )
        await desk.eventually(lambda: len(cards(desk, "dead, refused")) == 2)
        assert sum(seen.method == "PUT" for seen in desk.gateway.requests) == 2
