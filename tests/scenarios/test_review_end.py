"""The end of a review through the whole bot: reminders, silence, what is undone, what left meanwhile, the next one."""

import functools

from bot.keys import locks
from bot.permissions.models import Lock
from bot.review import store
from bot.review.models import ReviewStatus
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.reviewing import (
    ADA,
    BEN,
    DAY,
    MIRA,
    SAM,
    add,
    begin,
    card,
    cards,
    keys_of,
    managers_leave,
    press,
    quiet_keys,
    rounds,
    settled,
    told,
)


async def test_silence_is_reminded_three_times_disables_and_is_undone_with_one_click(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    record = await desk.own(ADA, add(desk, "night job"))
    await begin(desk)
    message = await card(desk)
    for day, number in ((6.9, 0), (0.2, 1), (2.8, 1), (0.2, 2), (3.0, 3), (1.8, 3)):
        await desk.pass_time(day * DAY)
        await rounds(desk, 2)
        reminders = await desk.eventually(functools.partial(_reminders, desk, number))
    assert "Last reminder" in text_of(reminders[2])
    await desk.eventually(lambda: len(desk.dm(ADA, "unless a reviewer keeps it")) == 1)
    assert desk.gateway.key(record.id).status == 1
    await desk.pass_time(0.2 * DAY)
    await rounds(desk, 2)
    row = await settled(desk, "night job")
    assert desk.gateway.key(record.id).status == 2
    await desk.eventually(lambda: desk.dm(ADA, "nobody decided about it"))
    message = await card(desk, fragment="Disabled, because nobody decided")
    assert buttons_of(message) == ["review.undo"]
    await press(desk, ADA, message, "review.undo", row)
    await desk.eventually(lambda: "your own key" in told(desk, ADA))
    await press(desk, MIRA, message, "review.undo", row)
    await card(desk, fragment="undone by <@U0MIRA>: the key works again")
    assert desk.gateway.key(record.id).status == 1
    await rounds(desk)
    assert present(await desk.app.database.read(store.last)).status is ReviewStatus.CLOSED
    assert len(await desk.audit("review_closed")) == 1


def _reminders(desk: Desk, number: int) -> list[SlackMessage] | None:
    """So many reminders, or None: none would be false as well."""
    found = [m for m in desk.messages() if m.thread_ts and "review" in text_of(m)]
    return [*found, *cards(desk)] if len(found) == number else None


async def test_an_undo_is_for_fourteen_days_and_not_for_what_was_locked_since(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    first, second = [await desk.own(ADA, add(desk, name)) for name in ("first", "second")]
    await begin(desk)
    message, rows = await card(desk), await keys_of(desk)
    for name in ("first", "second"):
        await press(desk, MIRA, message, "review.disable", rows[name])
        await settled(desk, name)
    message = await desk.eventually(lambda: next(m for m in cards(desk) if buttons_of(m) == ["review.undo"] * 2))
    why = Lock(cause="alert", by=SAM, at=desk.clock(), number=7, rule="")
    await desk.app.database.run(locks.lock, second.id, why, born_at=second.created_time)
    await press(desk, MIRA, message, "review.undo", rows["second"])
    await desk.eventually(lambda: "locked for another reason" in told(desk, MIRA))
    await desk.pass_time(14.1 * DAY)
    await press(desk, MIRA, message, "review.undo", rows["first"])
    await desk.eventually(lambda: "cannot be undone here any more" in told(desk, MIRA))
    assert [desk.gateway.key(one.id).status for one in (first, second)] == [2, 2]


async def test_keys_that_change_meanwhile_leave_the_list_and_it_is_said(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    made = {name: await desk.own(ADA, add(desk, name)) for name in ("deleted", "killed", "renamed")}
    orphan = add(desk, "orphan")
    await begin(desk)
    await card(desk)
    await card(desk, seed.SECURITY_CHANNEL, "orphan")
    desk.gateway.edit_behind(made["deleted"].id, deleted_at=int(desk.gateway.clock()))
    desk.gateway.edit_behind(made["killed"].id, status=2)
    desk.gateway.edit_behind(made["renamed"].id, name="another name")
    await desk.own(BEN, orphan)
    await rounds(desk)
    message = await card(desk, fragment="the key was deleted")
    assert "the key no longer works" in text_of(message)
    assert "1 left to decide" in text_of(message)
    await card(desk, seed.SECURITY_CHANNEL, "has another owner now")
    row = (await keys_of(desk))["renamed"]
    await press(desk, MIRA, message, "review.disable", row)
    await settled(desk, "renamed")
    assert desk.gateway.key(made["renamed"].id).status == 2


async def test_managers_who_leave_meanwhile_are_reminded_of_by_security(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    await desk.own(ADA, add(desk, "night job"))
    await begin(desk)
    await card(desk)
    managers_leave(desk)
    await desk.pass_time(7.1 * DAY)
    await rounds(desk)
    message = await desk.eventually(lambda: desk.said("are not in this workspace any more", seed.SECURITY_CHANNEL)[0])
    assert "<!subteam^S0SECURITY>" in text_of(message)
    await desk.slack.click(SAM, message, "review.open")
    await desk.eventually(lambda: "night job" in view_text(desk.slack.top_view(SAM)))


async def test_a_clock_that_is_moved_by_a_year_disables_nothing_without_a_reminder(http_desk: Desk) -> None:
    desk = http_desk
    quiet_keys(desk)
    record = await desk.own(ADA, add(desk, "night job", expired_time=-1))
    await begin(desk)
    await card(desk)
    await desk.pass_time(365 * DAY)
    await rounds(desk, 3)
    await desk.eventually(lambda: _reminders(desk, 1))
    assert desk.gateway.key(record.id).status == 1
    await desk.pass_time(2.1 * DAY)
    await rounds(desk, 2)
    await settled(desk, "night job")
    assert desk.gateway.key(record.id).status == 2


async def test_the_policy_begins_a_review_every_so_often_and_one_at_a_time(desk_with: OpenDesk) -> None:
    async with desk_with(policy=seed.POLICY + '\n[review]\nevery = "90d"\n') as desk:
        quiet_keys(desk)
        record = await desk.own(ADA, add(desk, "night job", expired_time=-1))
        await rounds(desk, 3)
        message = await card(desk)
        await press(desk, MIRA, message, "review.keep", (await keys_of(desk))["night job"])
        await rounds(desk, 2)
        await desk.pass_time(89 * DAY)
        await rounds(desk, 2)
        assert len(cards(desk)) == 1
        await desk.pass_time(1.1 * DAY)
        await rounds(desk, 2)
        await desk.eventually(lambda: len(cards(desk)) == 2)
        assert (await desk.app.database.run(store.ask, by="command", now=desk.clock())) is None
        assert desk.gateway.key(record.id).status == 1
