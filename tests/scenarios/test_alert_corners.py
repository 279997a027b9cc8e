"""Alerts when things are not plain: several keys, nothing found, other people, a gateway or GitHub that is down."""

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.alerts.intake.github import GithubApi
from bot.approvals.models import ApprovalRequest, Origin, OriginKind, Status
from bot.gateway.models import KeyId
from bot.slack.blocks import isolate
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack import SlackMessage
from tests.approvals.kit import new_request
from tests.narrow import expect, present
from tests.scenarios.alerting import SAM, cards, everything, learned, send
from tests.scenarios.desk import Desk, buttons_of, open_desk, text_of, view_text

pytestmark = pytest.mark.thorough

ADA, BEN = seed.ENGINEER, seed.SECOND_ENGINEER


def values(desk: Desk, *names: str) -> list[str]:
    return [desk.gateway.key_value(desk.key(name).id) for name in names]


async def shortcut(desk: Desk, user: str, channel: str, ts: str) -> str:
    assert (await desk.slack.shortcut(user, "disable_leaked_key", channel, ts)).ok
    await desk.eventually(lambda: "Looking" not in view_text(desk.slack.top_view(user)))
    return view_text(desk.slack.top_view(user))


async def test_several_whole_keys_are_disabled_together_or_as_ticked(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    await send(desk, "generic", " ".join(values(desk, "production", "ci-runner")))
    card = (await desk.eventually(lambda: cards(desk, "ci-runner")))[0]
    assert "Disable…" in text_of(card)
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(
        lambda: "id" in view_text(desk.slack.top_view(SAM)) and "Quota" in view_text(desk.slack.top_view(SAM))
    )
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "value", value=[])
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "disable")
    await desk.eventually(lambda: "Tick the key" in view_text(desk.slack.top_view(SAM)))
    assert desk.key("production").status == desk.key("ci-runner").status == 1
    await desk.slack.close_view(SAM, desk.slack.top_view(SAM))
    both = [str(desk.key(name).id) for name in ("production", "ci-runner")]
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "value", value=both)
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "disable")
    await desk.eventually(lambda: cards(desk, "dead, refused"))
    assert desk.key("production").status == desk.key("ci-runner").status == 2
    # The window goes on to the end: it does not stay at what was true when the button was pressed.
    await desk.eventually(lambda: view_text(desk.slack.top_view(SAM)).count("done (request #") == 2)


async def test_a_message_without_a_key_says_so_and_tells_nobody(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    message = await desk.slack.say(ADA, seed.KEYS_CHANNEL, "hello")
    assert "No key was found" in await shortcut(desk, ADA, seed.KEYS_CHANNEL, expect(SlackMessage, message).ts)
    assert not cards(desk)


async def test_an_engineer_who_reports_somebody_elses_key_sees_whose_it_is_and_no_more(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    message = await desk.slack.post_as_app(seed.KEYS_CHANNEL, f"leak: sk-{desk.gateway.key_value(record.id)[3:]}")
    shown = await shortcut(desk, BEN, seed.KEYS_CHANNEL, message.ts)
    assert f"<@{ADA}>" in shown
    assert "Quota left" not in shown
    assert "Disable now" not in shown
    # Reported twice, by the guard and by Ben: one alert, one card.
    await desk.eventually(lambda: cards(desk, f"reported by <@{BEN}>"))
    assert len(cards(desk)) == 1


async def test_an_owner_disables_an_own_leaked_key(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    message = await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"oops {desk.gateway.key_value(record.id)}")
    assert "Disable now" in await shortcut(desk, ADA, seed.KEYS_CHANNEL, expect(SlackMessage, message).ts)
    assert (await desk.slack.click(ADA, desk.slack.top_view(ADA), "disable")).ok
    await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)
    # Is being disabled, then done: the window follows the request, however soon that ends.
    await desk.eventually(lambda: "(request #1" in view_text(desk.slack.top_view(ADA)))


async def test_a_guest_is_turned_away(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    message = await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"oops {values(desk, 'production')[0]}")
    await desk.slack.shortcut(seed.GUEST, "disable_leaked_key", seed.KEYS_CHANNEL, expect(SlackMessage, message).ts)
    answer = await desk.eventually(
        lambda: [m for m in desk.messages() if m.thread_ts == expect(SlackMessage, message).ts]
    )
    await desk.slack.click(seed.GUEST, answer[0], "disable")
    await desk.eventually(lambda: desk.slack.messages(seed.KEYS_CHANNEL, seed.GUEST))
    assert {line["actor"] for line in await desk.audit("refused")} == {seed.GUEST}
    assert desk.key("production").status == 1


async def test_the_guard_passes_over_what_is_no_live_key(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = values(desk, "production")[0]
    await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"masked: {value[:7]}**********{value[-4:]}")
    await desk.slack.say(ADA, seed.KEYS_CHANNEL, "somebody else's: sk-" + "A1" * 24)
    await desk.slack.say(ADA, seed.KEYS_CHANNEL, "and words, many of them")
    assert await desk.audit("alert") == []


async def test_an_alert_waits_for_a_gateway_that_is_down(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = values(desk, "production")[0]
    desk.gateway.arm("panic", method="GET", times=6)
    assert (await send(desk, "generic", value)).status_code == 202
    # The card is there at once, from what we know ourselves; the rest follows.
    await desk.eventually(lambda: cards(desk, "asking the gateway"))
    await desk.eventually(lambda: cards(desk, "Quota left"))


async def test_a_click_to_disable_counts_while_the_gateway_is_down(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    desk.gateway.arm("refused", times=None)
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "ordered it to be disabled"))
    await desk.eventually(lambda: desk.dm(SAM, "Nothing is lost"))
    await desk.eventually(lambda: cards(desk, "*not disabled yet*: The gateway"))
    assert "disable" not in buttons_of(cards(desk, "production")[0])
    assert desk.gateway.key(record.id).status == 1
    desk.gateway.disarm()
    await desk.pass_time(70)
    await desk.eventually(lambda: cards(desk, "dead"))
    assert desk.gateway.key(record.id).status == 2
    told = text_of((await desk.eventually(lambda: desk.dm(SAM, "was disabled")))[0])
    assert isolate("production") in told
    assert "unknown" not in told
    assert len([call for call in desk.gateway.requests if call.method == "PUT" and call.status == 200]) == 1


async def test_a_leaked_key_that_somebody_deleted_during_an_outage_counts_as_out_of_use(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    desk.gateway.arm("refused", times=None)
    await desk.pass_time(10)  # what was read for the card is too old to judge by
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: desk.dm(SAM, "Nothing is lost"))
    desk.gateway.edit_behind(record.id, deleted_at=desk.gateway.clock.now())
    desk.gateway.disarm()
    await desk.pass_time(70)
    row = await desk.settled(1)
    assert (row.before, row.status) == (None, Status.SUCCEEDED)
    assert "somebody deleted it" in present(row.outcome).notes[0]


async def test_a_key_of_our_list_is_known_without_being_read(http_desk: Desk) -> None:
    desk = http_desk
    record = desk.gateway.add_key(name="svc")
    new = new_request(operation="key.disable", key_id=record.id, before=None)
    request = ApprovalRequest(**new.model_dump(), id=1, version=1, status=Status.APPROVED)
    known = desk.app.approvals.execution._known
    assert not await known(request)
    assert not await known(request.model_copy(update={"key_id": None}))
    assert await known(request.model_copy(update={"origin": Origin(kind=OriginKind.ALERT, alert_id=1, attempt=1)}))
    await desk.own(ADA, record)
    assert await known(request)


async def test_a_card_does_not_call_a_key_dead_that_was_enabled_again(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead, refused"))
    await desk.pass_time(60)
    await desk.slack.command(SAM, seed.SECURITY_CHANNEL, f"/apikey enable {record.id}")
    await desk.eventually(lambda: desk.slack.top_view(SAM).body.get("submit"))
    assert "Alert 1 names this key" in view_text(desk.slack.top_view(SAM))
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    card = (await desk.eventually(lambda: cards(desk, "enabled again: ")))[0]
    assert f"/apikey disable {record.id}" in text_of(card)
    assert not cards(desk, "dead, refused")
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead, refused"))
    assert desk.gateway.key(record.id).status == 2


async def test_a_key_that_could_not_be_read_is_judged_again_with_its_record(tmp_path: Path, sqlite_url: str) -> None:
    spared = '[[rules]]\nname = "production stays"\nwho = ["*"]\ndo = ["key.disable"]\non = "any"\n'
    spared += 'when = { unlimited_quota = true }\ndeny = "Production keys are rotated, not disabled."\n'
    policy = seed.POLICY.replace("[[rules]]", f"{spared}\n[[rules]]", 1)
    async with open_desk(tmp_path, database_url=sqlite_url, policy=policy) as desk:
        await learned(desk)
        record = desk.gateway.add_key(name="prod", unlimited_quota=True)
        await send(desk, "generic", desk.gateway.key_value(record.id))
        card = (await desk.eventually(lambda: cards(desk, "prod")))[0]
        desk.gateway.arm("refused", times=None)
        await desk.pass_time(10)  # what was read for the card is too old to judge by
        await desk.slack.click(SAM, card, "disable")
        await desk.eventually(lambda: desk.dm(SAM, "Nothing is lost"))
        desk.gateway.disarm()
        await desk.pass_time(70)
        row = await desk.settled(1)
        assert present(row.outcome).sentence.endswith(
            "Production keys are rotated, not disabled. The key is not disabled."
        )
        assert desk.gateway.key(record.id).status == 1


async def test_github_that_is_down_is_asked_again_and_a_no_is_said(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    answers = iter([httpx.Response(502), httpx.Response(404)])
    transport = httpx.MockTransport(lambda _request: next(answers))
    desk.app.alerts.triage.github = GithubApi(token=SecretStr("test-token"), transport=transport)
    await send(desk, "github", "nothing", number=9)
    await desk.eventually(lambda: cards(desk, "HTTP 502"))
    await desk.eventually(lambda: cards(desk, "GITHUB_TOKEN needs"))
    assert "test-token" not in everything(desk)
    await desk.app.alerts.triage.github.aclose()


async def test_incident_mode_says_what_it_cannot_do(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.add_key(name="twin")
    desk.gateway.add_key(name="twin")

    async def said(text: str) -> str:
        answer = await desk.slack.command(SAM, seed.SECURITY_CHANNEL, f"/apikey {text}")
        views = desk.slack.open_views(SAM)
        if not views:
            return str(answer)
        await desk.eventually(lambda: "Looking" not in view_text(desk.slack.top_view(SAM)))
        shown = view_text(desk.slack.top_view(SAM))
        await desk.slack.close_view(SAM, desk.slack.top_view(SAM), clear=True)
        return shown

    assert "There is no key “nowhere”" in await said("disable production nowhere")
    assert "2 keys may be meant by “twin”" in await said("disable production twin")
    meant = desk.gateway.add_key(name="meant")
    other = desk.gateway.add_key(name=str(meant.id))
    told = await said(f"disable production {meant.id}")
    assert f"2 keys may be meant by “{meant.id}”: number {meant.id} (“meant”" in told
    assert f"number {other.id} (“{meant.id}”" in told
    assert "2 keys will be disabled" in await said(f"disable production #{meant.id}")
    desk.gateway.add_key(name="old ci")
    assert "old ci" in await said("disable old ci")
    assert "quotation marks" in await said("disable old cj")
    assert "taken back with" in str(desk.slack.notices(SAM)) + await said("disable batch 1")
    assert "no batch 7" in await said("enable batch 7")
    assert "No key will be disabled" in await said("disable all of @omar")


async def test_a_key_that_the_gateway_does_not_let_go_is_listed_and_the_rest_is_done(http_desk: Desk) -> None:
    desk = http_desk
    records = [desk.gateway.add_key(name=f"svc-{n}", unlimited_quota=True) for n in range(3)]
    await desk.slack.command(SAM, seed.SECURITY_CHANNEL, "/apikey disable svc-0 svc-1 svc-2")
    await desk.eventually(lambda: "3 keys" in view_text(desk.slack.top_view(SAM)))
    await desk.app.client.named("").delete_key(KeyId(records[1].id))
    await desk.fill(SAM, desk.slack.top_view(SAM), confirm="DISABLE 3", reason="why")
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    await desk.eventually(lambda: [m for m in desk.messages(seed.SECURITY_CHANNEL) if "1 failed" in text_of(m)])
    assert [desk.gateway.key(record.id).status for record in (records[0], records[2])] == [2, 2]
    card = next(m for m in desk.messages(seed.SECURITY_CHANNEL) if "1 failed" in text_of(m))
    assert f"key {records[1].id}" in text_of(card)
    await desk.eventually(lambda: [m for m in desk.messages(seed.SECURITY_CHANNEL) if "Take back" in text_of(m)])
    await desk.slack.click(
        SAM, next(m for m in desk.messages(seed.SECURITY_CHANNEL) if "Take back" in text_of(m)), "undo_batch"
    )
    await desk.eventually(lambda: "2 keys will be enabled" in view_text(desk.slack.top_view(SAM)))
