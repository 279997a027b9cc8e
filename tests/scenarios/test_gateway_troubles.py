"""The gateway refuses, breaks, or says nothing: one clear sentence with the number, nothing done that is not."""

import asyncio
import re
from typing import Any

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import GatewayFault
from keydesk_sandbox.fake_slack import View
from tests.narrow import present
from tests.scenarios.alerting import learned
from tests.scenarios.conftest import FreeDesk
from tests.scenarios.desk import Desk, buttons_of, refusal, text_of, view_text

pytestmark = pytest.mark.thorough

ADA, MIRA = seed.ENGINEER, seed.MANAGER
TOKENS = "/api/token/"


def all_said(desk: Desk) -> str:
    return " ".join(text_of(m) for m in [*desk.messages(), *desk.dm(ADA)])


def posts(desk: Desk) -> int:
    return len([seen for seen in desk.gateway.requests if seen.method == "POST" and seen.path == TOKENS])


REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "name too long by bytes": (
        {"profile": "upstream-g2"},
        {"name": "n" * 40},
        "The gateway finds the name too long",
    ),
    "group not available": ({}, {"group": "nobodys-group"}, "group"),
    "quota out of range": ({}, {"remain_quota": "400k"}, "quota"),
    "too many keys": ({"profile": "upstream-g2"}, {}, "keys"),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_a_refusal_is_told_in_our_words_with_the_number(free_desk: FreeDesk, what: str) -> None:
    options, fields, words = REFUSALS[what]
    async with free_desk(**options) as desk:
        desk.gateway.switch("name_limit", 30)
        desk.gateway.switch("max_keys", 3 if what == "too many keys" else None)
        desk.gateway.switch("max_quota", 300_000)
        answer = await desk.ask(ADA, **{"name": "wish", "remain_quota": "100k", **fields})
        assert refusal(answer) == ""
        assert "Request #1" in view_text(desk.slack.top_view(ADA))
        row = await desk.settled()
        assert row.status is Status.FAILED
        told = text_of((await desk.eventually(lambda: desk.dm(ADA, "failed")))[0])
        assert words in told
        assert "Request #1" in told
        assert len(desk.gateway.keys()) == 3
        assert "was created" not in all_said(desk)
        assert "ready" not in all_said(desk)


LOST: dict[str, tuple[dict[str, Any], bool]] = {
    "a page of HTML, done": ({"kind": "html", "lands": True}, True),
    "a page of HTML, not done": ({"kind": "html", "lands": False}, False),
    "a 502 page, done": ({"kind": "html", "status": 502, "lands": True}, True),
    "a 504 page, not done": ({"kind": "html", "status": 504, "lands": False}, False),
    "nothing for 30 s, done": ({"kind": "hang", "lands": True}, True),
    "nothing for 30 s, not done": ({"kind": "hang", "lands": False}, False),
    "a cut connection, done": ({"kind": "lost_reply"}, True),
    "a cut connection, not done": ({"kind": "lost_request"}, False),
    "half a body": ({"kind": "cut_body"}, True),
    "done twice": ({"kind": "duplicate"}, True),
}


@pytest.mark.parametrize("what", LOST)
async def test_a_lost_answer_ends_in_one_key_and_one_confirmation(free_desk: FreeDesk, what: str) -> None:
    fault, done = LOST[what]
    async with free_desk() as desk:
        desk.gateway.clock.ticking = False
        desk.gateway.arm(GatewayFault(method="POST", path=TOKENS, **fault))
        await desk.ask(ADA, name="once", remain_quota="100k")
        if not done:
            await _reaches(desk, Status.UNKNOWN)
            await desk.eventually(lambda: desk.dm(ADA, "was lost"))
            assert "#1" in text_of(desk.dm(ADA, "was lost")[0])
            assert "was created" not in all_said(desk)
            for _ in range(4):
                await desk.pass_time(25)
                await asyncio.sleep(0.05)
        assert (await desk.settled()).status is Status.SUCCEEDED
        await desk.eventually(lambda: desk.dm(ADA, "is ready"))
        await desk.eventually(lambda: desk.said("was created"))
        assert len(desk.said("was created")) == len(desk.dm(ADA, "is ready")) == len(desk.dm(ADA)) == 1
        found = [name for name in (record.name for record in desk.gateway.keys(user_id=None)) if name == "once"]
        if what == "done twice":
            extra = max(record.id for record in desk.gateway.keys(user_id=None) if record.name == "once")
            for message in (desk.dm(ADA)[0], desk.said("was created")[0]):
                assert text_of(message).count("more keys just like it") == 1
                assert len(re.findall(rf"\b{extra}\b", text_of(message))) == 1
            # Security is told; this policy lets the requester disable nothing, and they are told so.
            await desk.eventually(lambda: desk.said("is a copy that nobody owns", seed.SECURITY_CHANNEL))
            desk.gateway.disarm()
            await desk.slack.click(ADA, desk.dm(ADA)[0], "disable_copy")
            await desk.until(lambda: desk.audit("refused"), otherwise="it was not refused")
            assert desk.gateway.key(extra).status == 1
        else:
            assert len(found) == 1
        assert posts(desk) == (1 if done else 2)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "empty_429", "method": "POST"},
        {"kind": "refused"},
        {"kind": "html", "method": "GET", "status": 503},
    ],
)
async def test_a_gateway_that_is_away_is_waited_for(free_desk: FreeDesk, fault: dict[str, Any]) -> None:
    async with free_desk() as desk:
        desk.gateway.clock.ticking = False
        desk.gateway.arm(GatewayFault(times=None, **fault))
        answer = await desk.ask(ADA, name="patient", remain_quota="100k")
        assert refusal(answer) == ""
        told = text_of((await desk.eventually(lambda: desk.dm(ADA, "not applied yet")))[0])
        assert "Nothing is lost" in told
        assert "ry again" not in told
        assert "Request #1" in told
        assert "was created" not in all_said(desk)
        desk.gateway.disarm()
        await desk.pass_time(40)
        assert (await desk.settled()).status is Status.SUCCEEDED
        await desk.eventually(lambda: desk.dm(ADA, "is ready"))
        assert len(desk.dm(ADA)) == 1
        assert desk.key("patient").remain_quota == 100_000
        assert [line["fact"] for line in await desk.audit() if line["request_id"]].count("held") == 1


async def test_a_refused_access_token_holds_the_request_until_it_is_mended(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        good, desk.gateway._state.pat = desk.gateway.access_token, "another-token-altogether"
        await desk.ask(ADA, name="patient", remain_quota="100k")
        told = text_of((await desk.eventually(lambda: desk.dm(ADA, "not applied yet")))[0])
        assert "administrator" in told
        assert good not in told
        desk.gateway._state.pat = good
        await desk.pass_time(40)
        assert (await desk.settled()).status is Status.SUCCEEDED


async def test_the_home_does_not_say_that_there_are_no_keys(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        await desk.own(ADA, desk.gateway.add_key(name="shared"))
        desk.gateway.arm(GatewayFault(times=None, kind="redirect"))
        desk.app.inventory.changed()
        await desk.slack.open_home(ADA)
        home = view_text(await desk.eventually(lambda: desk.slack.home(ADA)))
        assert "does not answer now, so your key is not shown" in home
        assert "You have no keys" not in home


@pytest.mark.parametrize("fault", [{"kind": "html"}, {"kind": "empty_429"}, {"kind": "redirect"}])
async def test_an_edit_form_that_cannot_be_read_says_why(free_desk: FreeDesk, fault: dict[str, Any]) -> None:
    async with free_desk() as desk:
        record = await desk.own(ADA, desk.gateway.add_key(name="shared"))
        desk.gateway.clock.ticking = False
        desk.gateway.arm(GatewayFault(times=None, method="GET", **fault))
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey edit {record.id}")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "error")
        said = view_text(desk.slack.top_view(ADA))
        assert "gateway" in said
        assert re.search(r"[Rr]eference [0-9a-zA-Z]{6,8}", said)
        assert "<html" not in said


@pytest.mark.parametrize("fault", [{"kind": "html"}, {"kind": "empty_429"}, {"kind": "hang"}])
async def test_what_was_typed_stays_when_the_gateway_is_away_at_the_submission(
    free_desk: FreeDesk, fault: dict[str, Any]
) -> None:
    async with free_desk() as desk:
        record = await desk.own(ADA, desk.gateway.add_key(name="shared"))
        view = await desk.open_edit(ADA, record.id)
        await desk.fill(ADA, view, name="better", reason="because")
        desk.gateway.clock.ticking = False
        desk.gateway.arm(GatewayFault(times=None, method="GET", **fault))
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert answer.ok, answer
        sentence = refusal(answer)
        assert re.search(r"Reference [0-9A-Z]{6}\.", sentence)
        top = desk.slack.top_view(ADA)
        assert top.values["name"]["value"]["value"] == "better"
        assert top.values["reason"]["value"]["value"] == "because"
        assert await desk.audit("asked") == []

        desk.gateway.disarm()
        await desk.pass_time(70)  # a refusal for want of calls stops people for a while
        assert (await desk.slack.submit(ADA, top)).ok
        assert (await desk.settled()).status is Status.SUCCEEDED
        assert desk.gateway.key(record.id).name == "better"


async def test_a_lost_answer_to_an_edit_is_looked_up_not_repeated(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        record = await desk.own(ADA, desk.gateway.add_key(name="shared"))
        desk.gateway.clock.ticking = False
        desk.gateway.arm("lost_reply", method="PUT")
        await desk.edit(ADA, record.id, name="better")
        assert (await desk.settled()).status is Status.SUCCEEDED
        assert len([seen for seen in desk.gateway.requests if seen.method == "PUT"]) == 1
        await desk.eventually(lambda: desk.said("was changed"))


async def _reaches(desk: Desk, status: Status) -> None:
    for _ in range(400):
        if (await desk.request()).status is status:
            return
        await asyncio.sleep(0.01)
    raise AssertionError((await desk.request()).status)


@pytest.mark.parametrize("fault", [{"kind": "refused"}, {"kind": "empty_429"}, {"kind": "html", "status": 503}])
async def test_a_key_is_ordered_out_of_use_while_the_gateway_cannot_be_asked(
    http_desk: Desk, fault: dict[str, Any]
) -> None:
    desk = http_desk
    record = await desk.own(ADA, desk.key("production"))
    await learned(desk)
    desk.gateway.arm(GatewayFault(times=None, **fault))
    await desk.pass_time(61)  # so long a record that was read counts as one that is shown
    # Whoever may not see the key learns the same about one that is there and one that is not.
    told = []
    for number in (record.id, 987_654):
        await desk.slack.command(seed.SECOND_ENGINEER, seed.KEYS_CHANNEL, f"/apikey disable {number}")
        view = await desk.eventually(lambda: _window(desk, seed.SECOND_ENGINEER, "error"))
        told.append(re.sub(r"\d+", "", view_text(view).partition("(While")[0]))
        await desk.slack.close_view(seed.SECOND_ENGINEER, view)
    assert told[0] == told[1]
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey disable {record.id}")
    form = await desk.eventually(lambda: _window(desk, ADA, "key.disable"))
    assert "The gateway cannot be asked now" in view_text(form)
    assert record.name in view_text(form)
    await desk.fill(ADA, form, reason="it leaked")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    row = await desk.request()
    assert (row.operation, row.key_id, row.reason) == ("key.disable", record.id, "it leaked")
    assert desk.gateway.key(record.id).status == 1
    desk.gateway.disarm()
    await desk.pass_time(60)
    assert (await desk.settled()).status is Status.SUCCEEDED
    assert desk.gateway.key(record.id).status == 2


def _window(desk: Desk, user: str, callback_id: str) -> View:
    view = desk.slack.top_view(user)
    assert view.body["callback_id"] == callback_id
    return view


async def test_who_asked_for_a_key_that_was_made_twice_has_the_copy_disabled_with_one_click(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.clock.ticking = False
    desk.gateway.arm(GatewayFault(method="POST", path=TOKENS, kind="duplicate"))
    await desk.ask(ADA, name="once", remain_quota="100k")
    assert (await desk.settled()).status is Status.SUCCEEDED
    told = await desk.eventually(lambda: desk.said("is a copy that nobody owns", seed.SECURITY_CHANNEL))
    assert "key.disable" in buttons_of(told[0])
    notice = (await desk.eventually(lambda: desk.dm(ADA, "is ready")))[0]
    await desk.slack.click(ADA, notice, "disable_copy")
    copy = max(record.id for record in desk.gateway.keys(user_id=None) if record.name == "once")
    await desk.eventually(lambda: desk.gateway.key(copy).status == 2)
    await desk.eventually(lambda: desk.said("has had the copy disabled", seed.SECURITY_CHANNEL))
    await desk.eventually(lambda: "disable_copy" not in buttons_of(desk.dm(ADA, "is ready")[0]))
    assert sorted(one.status for one in desk.gateway.keys(user_id=None) if one.name == "once") == [1, 2]
    assert desk.gateway.key(present((await desk.settled()).key_id)).status == 1
