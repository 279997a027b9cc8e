"""A review of keys through the whole bot: who decides what, by which buttons, and what becomes of it."""

import asyncio
import functools
import io
import json

from bot.audit.signed_head import HeadSigner
from bot.cli.review import export_review, verify_review
from bot.db import named_values
from bot.keys import owners
from bot.review import store
from bot.review.models import Review, ReviewStatus, Verdict
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.forging import last, send_as
from tests.scenarios.reviewing import (
    ADA,
    BEN,
    DOLLAR,
    MIRA,
    OMAR,
    SAM,
    add,
    begin,
    card,
    cards,
    keys_of,
    listed,
    managers_leave,
    press,
    quiet_keys,
    rounds,
    settled,
    told,
)


async def test_a_manager_keeps_shrinks_and_disables_and_everything_is_proved(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    big = await desk.own(ADA, add(desk, "night job"))
    endless = await desk.own(BEN, add(desk, "endless", unlimited_quota=True, used_quota=20 * DOLLAR))
    await desk.own(ADA, add(desk, "kept", expired_time=-1, remain_quota=5 * DOLLAR))
    idle = await desk.own(BEN, add(desk, "idle", used_quota=0, accessed_time=int(desk.gateway.clock()) - 180 * 86_400))
    await desk.own(BEN, add(desk, "busy", remain_quota=3 * DOLLAR, used_quota=9 * DOLLAR))
    review = await begin(desk)
    message = await card(desk)
    assert "4 keys should be looked at" in text_of(message)
    assert "<!subteam^S0MANAGERS>" in text_of(message)
    assert "busy" not in text_of(message)
    rows = await keys_of(desk)
    assert "Shrink to $1" in text_of(message)
    assert "never billed · $100 left, $0 spent in 90 days" in text_of(message)
    await press(desk, MIRA, message, "review.keep", rows["kept"])
    await press(desk, MIRA, message, "review.shrink", rows["night job"])
    await press(desk, OMAR, message, "review.shrink", rows["endless"])
    await press(desk, OMAR, message, "review.disable", rows["idle"])
    for name in ("night job", "endless", "idle"):
        await settled(desk, name)
    record = desk.gateway.key(big.id)
    assert (record.remain_quota, record.used_quota) == (DOLLAR, DOLLAR)
    record = desk.gateway.key(endless.id)
    assert (record.unlimited_quota, record.remain_quota) == (False, 13 * DOLLAR)
    assert desk.gateway.key(idle.id).status == 2
    await card(desk, fragment="Disabled by <@U0OMAR>")
    await desk.eventually(lambda: desk.dm(ADA, "Shrunk to $1"))
    assert not desk.dm(ADA, "kept")
    await desk.eventually(lambda: len(desk.dm(BEN, "2 keys of yours were changed in key review")) == 1)
    # Nothing is said twice: no confirmation of the request beside the card.
    assert [m for m in desk.messages() if not m.thread_ts] == cards(desk)
    await rounds(desk)
    closed = present(await desk.app.database.read(store.find, review.id))
    assert closed.status is ReviewStatus.CLOSED
    await card(desk, fragment="all 4 keys here are decided")
    await prove(desk, review)


async def prove(desk: Desk, review: Review) -> None:
    """The evidence of what was decided is whole, and the record says the same."""
    signer = HeadSigner(desk.app.settings.slack_signing_secret.get_secret_value())
    out, err = io.StringIO(), io.StringIO()
    assert export_review(desk.app.database, review.id, out=out, err=err, signer=signer) == 0
    assert err.getvalue() == ""
    text = out.getvalue()
    records = desk.gateway.keys()
    for record in records:
        assert desk.gateway.key_value(record.id).removeprefix("sk-") not in text
    found = {key["name"]: key for key in json.loads(text)["keys"]}
    assert {name: (key["decision"], key["decided_by"]) for name, key in found.items()} == {
        "night job": ("shrink", MIRA),
        "endless": ("shrink", OMAR),
        "kept": ("keep", MIRA),
        "idle": ("disable", OMAR),
    }
    assert (found["night job"]["before"]["remain_quota"], found["night job"]["after"]["remain_quota"]) == (
        100 * DOLLAR,
        DOLLAR,
    )
    assert found["idle"]["after"]["status"] == 2
    assert found["kept"]["after"]["state"] == "active"
    assert [line["fact"] for line in found["kept"]["lines"]] == ["review_decided"]
    path = desk.world.folder / "evidence.json"
    path.write_text(text, encoding="utf-8")
    said = io.StringIO()
    assert verify_review(path, signer, out=said, database=desk.app.database) == 0, said.getvalue()
    assert "4 keys" in said.getvalue()


async def test_only_those_who_are_asked_decide_and_nobody_about_a_key_of_their_own(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    await desk.own(ADA, add(desk, "night job"))
    await desk.own(MIRA, add(desk, "the manager's"))
    await begin(desk)
    message, rows = await card(desk), await keys_of(desk)
    for user, name in ((ADA, "night job"), (BEN, "night job"), (seed.GUEST, "night job"), (MIRA, "the manager's")):
        for action in ("review.keep", "review.shrink", "review.disable"):
            await press(desk, user, message, action, rows[name])
    await desk.eventually(lambda: "your own key" in told(desk, MIRA))
    await desk.eventually(lambda: "Only those whom key review 1 asks" in told(desk, BEN))
    assert all(row.verdict is Verdict.OPEN for row in (await keys_of(desk)).values())
    assert len(await desk.audit("refused")) == 12
    await press(desk, OMAR, message, "review.keep", rows["the manager's"])
    await press(desk, SAM, message, "review.keep", rows["night job"])  # security decides about every key
    decided = await keys_of(desk)
    assert [decided[name].decided_by for name in ("the manager's", "night job")] == [OMAR, SAM]


async def test_the_second_click_and_forged_values_change_nothing(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    record = await desk.own(ADA, add(desk, "night job"))
    await begin(desk)
    message, rows = await card(desk), await keys_of(desk)
    row = rows["night job"]
    await press(desk, ADA, message, "review.keep", row)  # to have a click to copy
    for forged in ("0", "-1", "99999", "1; DROP", "9" * 40, "１", ""):
        for action in ("review.disable", "review.undo", "review.open", "review.page.next"):
            await forge(desk, MIRA, action, forged)
    await forge(desk, MIRA, "review.undo", str(row.id))
    assert (await keys_of(desk))["night job"] == row
    clicks = ((MIRA, "review.shrink"), (OMAR, "review.disable"), (MIRA, "review.keep"))
    await asyncio.gather(*(forge(desk, user, action, str(row.id)) for user, action in clicks))
    await settled(desk, "night job")
    assert len(await desk.audit("review_decided")) == 1
    assert len(await desk.audit("applied")) <= 1
    assert desk.gateway.key(record.id).status in {1, 2}


async def forge(desk: Desk, user: str, action_id: str, value: str) -> None:
    """A click of which somebody made up the button or the value."""
    payload = last(desk, "block_actions")
    payload["actions"] = [payload["actions"][0] | {"action_id": action_id, "value": value}]
    await send_as(desk, payload, user)


async def test_a_key_that_changed_a_moment_ago_is_read_fresh_and_left_alone(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    gone, spent = [await desk.own(ADA, add(desk, name)) for name in ("gone", "spent")]
    await begin(desk)
    message, rows = await card(desk), await keys_of(desk)
    desk.gateway.edit_behind(gone.id, deleted_at=int(desk.gateway.clock()))
    desk.gateway.edit_behind(spent.id, remain_quota=DOLLAR // 2)
    await press(desk, MIRA, message, "review.disable", rows["gone"])
    await press(desk, MIRA, message, "review.shrink", rows["spent"])
    await desk.eventually(lambda: "left the list. Nothing was done" in told(desk, MIRA))
    await desk.eventually(lambda: "no more than that left" in told(desk, MIRA))
    verdicts = {name: row.verdict for name, row in (await keys_of(desk)).items()}
    assert verdicts == {"gone": Verdict.LEFT, "spent": Verdict.OPEN}


async def test_without_a_manager_security_decides_and_who_is_alone_is_left_out(desk_with: OpenDesk) -> None:
    policy = seed.POLICY.replace('security = ["S0SECURITY"]', f'security = ["{SAM}"]').replace(
        'admin    = ["S0ADMINS"]', f'admin    = ["{SAM}"]'
    )
    async with desk_with(policy=policy) as desk:
        quiet_keys(desk)
        managers_leave(desk)
        await desk.own(ADA, add(desk, "night job"))
        await desk.own(SAM, add(desk, "security's own"))
        await begin(desk)
        message = await card(desk, seed.SECURITY_CHANNEL)
        assert cards(desk) == []
        assert f"<@{SAM}>" in text_of(message)
        assert "nobody but its owner may decide" in text_of(message)
        row = (await keys_of(desk))["night job"]
        await press(desk, SAM, message, "review.keep", row)
        assert (await keys_of(desk))["night job"].verdict is Verdict.KEEP
        await rounds(desk)
        assert present(await desk.app.database.read(store.last)).status is ReviewStatus.CLOSED
        assert desk.key("security's own").status == 1


async def test_many_keys_have_a_window_with_pages(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    for number in range(23):
        await desk.own(ADA, add(desk, f"worker {number:02}"))
    await desk.own(MIRA, add(desk, "zebra"))
    await begin(desk)
    message = await card(desk)
    assert buttons_of(message) == ["review.open"]
    await desk.slack.click(ADA, message, "review.open")
    await desk.eventually(lambda: "may look at this list" in told(desk, ADA))
    await desk.slack.click(MIRA, message, "review.open")
    first = await desk.eventually(lambda: desk.slack.top_view(MIRA))
    assert "Page 1 of 3" in view_text(first)
    row = (await keys_of(desk))["worker 03"]
    await press(desk, MIRA, first, "review.disable", row)
    await desk.eventually(lambda: "Disabled by <@U0MIRA>" in view_text(desk.slack.top_view(MIRA)))
    await desk.slack.click(MIRA, desk.slack.top_view(MIRA), "review.page.next")
    await desk.eventually(lambda: "Page 2 of 3" in view_text(desk.slack.top_view(MIRA)))
    await desk.slack.click(MIRA, desk.slack.top_view(MIRA), "review.page.next")
    await desk.eventually(lambda: "Page 3 of 3" in view_text(desk.slack.top_view(MIRA)))
    last = desk.slack.top_view(MIRA)
    assert "This is your own key" in view_text(last)
    await desk.slack.click(MIRA, last, "review.page.back")
    await desk.eventually(lambda: "Page 2 of 3" in view_text(desk.slack.top_view(MIRA)))


async def test_a_rule_that_speaks_of_it_is_obeyed(desk_with: OpenDesk) -> None:
    rule = """
[[rules]]
name = "managers touch no production"
who = ["manager"]
do = ["key.disable"]
on = "any"
deny = "Ask security."
"""
    async with desk_with(policy=seed.POLICY + rule) as desk:
        quiet_keys(desk)
        record = await desk.own(ADA, add(desk, "night job"))
        await begin(desk)
        message, rows = await card(desk), await keys_of(desk)
        await press(desk, MIRA, message, "review.disable", rows["night job"])
        await desk.eventually(lambda: "Ask security." in told(desk, MIRA))
        assert desk.gateway.key(record.id).status == 1
        assert (await keys_of(desk))["night job"].verdict is Verdict.OPEN


async def test_a_change_that_fails_is_on_the_list_again_with_the_reason(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    record = await desk.own(ADA, add(desk, "night job"))
    await begin(desk)
    message, row = await card(desk), (await keys_of(desk))["night job"]

    def nearly_used_up(call: HttpCall) -> None:
        del call
        # After the look of the click, before the run.
        desk.gateway.edit_behind(record.id, remain_quota=9, used_quota=101 * DOLLAR - 9)

    on_read = functools.partial(desk.gateway.on, method="GET", path=f"/api/token/{record.id}")
    on_read("answer", lambda _call: on_read("request", nearly_used_up))
    await press(desk, MIRA, message, "review.shrink", row)
    message = await card(desk, fragment="That did not work")
    again = (await keys_of(desk))["night job"]
    assert (again.verdict, again.decided_by, again.attempt) == (Verdict.OPEN, None, 1)
    assert desk.gateway.key(record.id).remain_quota == 9
    await press(desk, MIRA, message, "review.disable", again)
    await settled(desk, "night job")
    assert [request["details"]["review"] for request in await desk.audit("asked")] == [1, 1]
    assert desk.gateway.key(record.id).status == 2


async def test_a_workspace_without_a_reason_hears_nothing(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    await desk.own(ADA, add(desk, "busy", remain_quota=3 * DOLLAR, used_quota=9 * DOLLAR))
    await begin(desk)
    await rounds(desk)
    assert present(await desk.app.database.read(store.last)).status is ReviewStatus.CLOSED
    assert cards(desk) == cards(desk, seed.SECURITY_CHANNEL) == []


def _is_on_the_home(desk: Desk, user: str, words: str) -> bool:
    return words in view_text(present(desk.slack.home(user)))


async def test_what_waits_stands_on_the_home_of_those_who_are_asked(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    await desk.own(ADA, add(desk, "night job"))
    await desk.own(MIRA, add(desk, "the manager's"))
    add(desk, "orphan")
    await begin(desk)
    for user, waits in ((MIRA, "1 key waits"), (OMAR, "2 keys wait"), (SAM, "1 key waits")):
        await desk.slack.open_home(user)
        await desk.eventually(functools.partial(_is_on_the_home, desk, user, waits))
    await desk.slack.click(OMAR, present(desk.slack.home(OMAR)), "review.open")
    await desk.eventually(lambda: "the manager's" in view_text(desk.slack.top_view(OMAR)))
    await desk.slack.open_home(ADA)
    await desk.eventually(lambda: "night job" in view_text(present(desk.slack.home(ADA))))
    assert "Key review" not in view_text(present(desk.slack.home(ADA)))


async def test_keeping_a_key_that_changed_says_that_it_left(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    record = await desk.own(ADA, add(desk, "night job"))
    await begin(desk)
    message, row = await card(desk), (await keys_of(desk))["night job"]
    await desk.app.review.schedule.stop()  # which would take it off the list first
    desk.gateway.edit_behind(record.id, status=2)
    await listed(desk)
    await press(desk, MIRA, message, "review.keep", row)
    await desk.eventually(lambda: "left the list. Nothing was done" in told(desk, MIRA))
    await card(desk, fragment="the key no longer works")
    assert (await keys_of(desk))["night job"].verdict is Verdict.LEFT


async def test_while_the_account_is_another_nothing_is_decided(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    record = await desk.own(ADA, add(desk, "night job"))
    await begin(desk)
    message, row = await card(desk), (await keys_of(desk))["night job"]
    await desk.app.database.run(named_values.put, owners.OTHER_ACCOUNT, {"address": "x", "user": 2})
    for action in ("review.keep", "review.disable"):
        await press(desk, MIRA, message, action, row)
    await desk.eventually(lambda: "shows another account now" in told(desk, MIRA))
    await rounds(desk)
    assert (await keys_of(desk))["night job"] == row
    assert desk.gateway.key(record.id).status == 1
