"""From an order to a request: one per alert, key and attempt, whoever orders it, and what the alert notes of it."""

import pytest
import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.cards.notifications import card_id
from bot.alerts.models import Alert, AlertStatus, MoreFinding
from bot.alerts.response import DISABLE, RETIRE, ROTATE, WATCH_JOB, WATCH_SECONDS
from bot.approvals import store as requests
from bot.approvals.models import (
    ApprovalRequest,
    Origin,
    OriginKind,
    Outcome,
    OverlapProgress,
    Status,
)
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.errors import ApprovalConflict, PermissionDenied
from bot.keys import owners
from bot.permissions.models import Actor
from bot.slack import post_store
from tests.alerts.room import BOT, SECURITY_CHANNEL, Room
from tests.approvals.kit import ADA, SAM, new_request


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    return Room(sqlite_database)


async def order(room: Room, alert: Alert, actor: Actor = SAM, operation: str = DISABLE) -> ApprovalRequest:
    key_id = alert.possible_keys[0]
    now = room.spine.now
    return await room.response.order(alert, key_id, actor, operation=operation, clicked_at=now - 2.0, deadline=1.0)


async def test_an_order_is_one_request_that_the_alert_notes(room: Room) -> None:
    key = room.key()
    alert = await room.alert(key)
    first = await order(room, alert)
    assert (await order(room, await room.now())).id == first.id
    assert first.origin == Origin(kind=OriginKind.ALERT, alert_id=1, attempt=1)
    assert (first.channel_id, first.reason) == (SECURITY_CHANNEL, "Leaked: alert 1 from generic (1): t")
    action = (await room.now()).actions[key.id]
    # The time counts from the click.
    assert (action.by, action.request_id, action.clicked_at) == ("U0SAM", 1, room.spine.now - 2.0)
    assert room.leaked_values.of_key(key.id) is not None


async def test_a_click_that_was_refused_is_no_order(room: Room) -> None:
    alert = await room.alert(room.key())
    with pytest.raises(PermissionDenied):
        await order(room, alert, ADA)
    assert room.response._clicks == {}
    assert (await room.now()).actions == {}


async def test_a_false_alarm_takes_no_orders(room: Room) -> None:
    alert = await room.alert(room.key(), status=AlertStatus.FALSE_ALARM.value, closed_by="U0SAM")
    with pytest.raises(ApprovalConflict, match="closed as a false alarm by <@U0SAM>"):
        await order(room, alert)
    with pytest.raises(ApprovalConflict, match="closed as a false alarm"):
        await room.response.order_all(alert, SAM)


async def test_what_came_to_nothing_is_ordered_anew(room: Room) -> None:
    key = room.key()
    await order(room, await room.alert(key))
    await room.settle(1, Status.FAILED)
    second = await order(room, await room.now())
    assert (second.id, second.origin.attempt) == (2, 2)
    assert (await room.now()).actions[key.id].request_id == 2


async def test_a_key_that_came_back_is_ordered_anew(room: Room) -> None:
    key = room.key()
    await order(room, await room.alert(key))
    await room.settle(1, Status.SUCCEEDED)
    room.spine.now += 60.0
    alert = await room.triage.read_keys(1)
    assert alert.keys[key.id].state == "active"
    assert (await order(room, alert)).origin.attempt == 2


async def test_a_disabled_key_is_not_ordered_twice(room: Room) -> None:
    key = room.key()
    await order(room, await room.alert(key))
    room.fake.edit_behind(key.id, status=2)
    await room.settle(1, Status.SUCCEEDED)
    assert (await room.now()).keys[key.id].state == "disabled"
    assert (await order(room, await room.now())).id == 1


async def test_more_clicks_than_are_kept_forget_the_oldest(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.alerts.response._MOST_CLICKS", 1)
    for number in range(2):
        await order(room, await room.alert(room.key(f"key {number}")))
    assert len(room.response._clicks) == 1


async def test_the_policy_disables_whole_keys_that_are_in_use(room: Room) -> None:
    alive, disabled, gone = room.key("alive"), room.key("disabled", status=2), room.key("gone")
    alert = await room.alert(alive, disabled, gone)
    room.fake.edit_behind(gone.id, deleted_at=1)
    room.spine.now += 60.0
    alert = await room.triage.read_keys(alert.id)
    for _ in range(2):
        await room.response.act_by_policy(alert, on=alert)
        alert = await room.now()
    assert list(alert.actions) == [alive.id]
    request = await room.request()
    assert (request.requester_id, request.status, request.key_name) == (BOT, Status.APPROVED, "alive")
    assert request.origin.kind is OriginKind.ALERT_RULE
    assert (alert.actions[alive.id].by, await room.database.read(requests.find, 2)) == ("", None)


@pytest.mark.parametrize(("source", "status"), [("github", "open"), ("generic", "false_alarm")])
async def test_the_policy_acts_on_its_sources_and_on_open_alerts_only(room: Room, source: str, status: str) -> None:
    alert = await room.alert(room.key(), source=source, status=status, place={"fetched": True})
    await room.response.act_by_policy(alert, on=alert)
    assert (await room.now()).actions == {}


async def test_what_the_policy_ordered_in_vain_it_orders_again(room: Room) -> None:
    alert = await room.alert(room.key())
    await room.response.act_by_policy(alert, on=alert)
    await room.settle(1, Status.FAILED)
    alert = await room.now()
    await room.response.act_by_policy(alert, on=alert)
    assert (await room.request(2)).origin.attempt == 2


async def mass(room: Room) -> Alert:
    one, other = room.key("one"), room.key("other")
    return await room.alert(one, more_findings=[MoreFinding("1:ab", other.id)])


async def test_a_leak_of_many_keys_is_one_batch_whoever_orders_it(room: Room) -> None:
    alert = await mass(room)
    assert await room.response.order_all(alert, SAM) == 1
    assert await room.response.order_all(await room.now(), SAM) == 1
    [(delivery_id, begun)] = room.batches.begun.items()
    assert delivery_id == "alert:1:batch:2"
    assert list(begun["keys"].values()) == ["one", ""]
    assert (begun["requester_id"], begun["rule"]) == ("U0SAM", "")
    assert (await room.now()).batch_id == 1
    assert (await room.spine.facts()).count("alert") == 2  # it came in, and a batch was begun


async def test_the_policy_begins_the_batch_itself(room: Room) -> None:
    alert = await mass(room)
    await room.response.act_by_policy(alert, on=alert)
    [begun] = room.batches.begun.values()
    assert (begun["requester_id"], begun["rule"]) == (BOT, "[alerts] auto_disable")


async def test_the_alert_of_a_batch_says_how_far_it_is(room: Room) -> None:
    await room.response.order_all(await mass(room), SAM)
    before = await room.database.read(post_store.load, card_id(1))
    for batch_id in (1, 9):
        await room.database.run(room.response.batch_moved, batch_id)
    after = await room.database.read(post_store.load, card_id(1))
    assert before is not None
    assert after is not None
    assert after.wanted == before.wanted + 1


async def test_a_request_of_nobodys_alert_is_followed_nowhere(room: Room) -> None:
    alert = await room.alert(room.key())
    for origin in (Origin(), Origin(kind=OriginKind.ALERT, alert_id=99, attempt=1)):
        request, _ = await room.database.run(
            requests.insert,
            new_request(f"sub:{origin.alert_id}", operation=DISABLE, key_id=7, origin=origin),
            status=Status.RUNNING,
            lapses_at=None,
        )
        await room.database.run(room.response.follow, request)
    assert await room.now() == alert


async def test_an_older_request_does_not_take_the_place_of_a_newer_one(room: Room) -> None:
    key = room.key()
    await order(room, await room.alert(key))
    old = await room.settle(1, Status.FAILED)
    await order(room, await room.now())
    await room.database.run(room.response.follow, old)
    assert (await room.now()).actions[key.id].request_id == 2


@pytest.mark.parametrize(("operation", "state"), [("key.disable", "disabled"), ("key.update", "active")])
async def test_other_alerts_say_what_became_of_a_key(room: Room, operation: str, state: str) -> None:
    key = room.key()
    await room.alert(key)
    await room.database.run(room.response.key_changed, key.id, operation)
    assert (await room.now()).keys[key.id].state == state


class Rotation:
    """A leaked key that gets a successor."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def done(self) -> int:
        """Ordered and made; the number of the successor."""
        key = self.room.key()
        alert = await self.room.alert(key)
        await order(self.room, alert, operation=ROTATE)
        new = self.room.key("new")
        await self.room.own(new)
        await self.room.settle(1, Status.SUCCEEDED, outcome=Outcome(sentence="", key_id=new.id), key_id=key.id)
        return new.id

    async def watched(self, argument: str = "1") -> Again | None:
        return await self.room.response.watch(argument)


async def test_a_leaked_key_ends_as_soon_as_its_successor_was_revealed(room: Room) -> None:
    rotation = Rotation(room)
    new = await rotation.done()
    assert room.jobs(WATCH_JOB) == ["req:1:watch"]
    assert await rotation.watched() == Again(WATCH_SECONDS)
    room.spine.now += 20 * 60.0
    assert await rotation.watched() == Again(60.0)
    await room.database.run(lambda c: owners.count_reveal(c, new))
    assert await rotation.watched() is None
    assert room.jobs(RETIRE) == ["req:1:retire:revealed"]


async def test_a_successor_that_nobody_reveals_is_watched_to_the_end_of_the_overlap(room: Room) -> None:
    rotation = Rotation(room)
    await rotation.done()
    room.spine.now += 100 * 86_400.0
    assert await rotation.watched() is None
    assert room.jobs(RETIRE) == []


async def test_a_rotation_that_has_ended_or_is_gone_is_watched_no_more(room: Room) -> None:
    rotation = Rotation(room)
    await rotation.done()
    overlap = OverlapProgress(at=1.0, request_id=2)
    await room.database.run(lambda c: requests.record_progress(c, 1, overlap=overlap))
    assert [await rotation.watched(argument) for argument in ("1", "9")] == [None, None]
    assert room.jobs(RETIRE) == []


async def test_the_end_of_the_rotation_is_the_alerts_as_well(room: Room) -> None:
    rotation = Rotation(room)
    await rotation.done()

    def ends(c: sa.Connection) -> None:
        key_id = store.get(c, 1).possible_keys[0]
        for number, request_id in enumerate((1, 99)):
            origin = Origin(kind=OriginKind.ROTATION_END, request_id=request_id)
            new = new_request(f"end:{number}", operation=DISABLE, key_id=key_id, origin=origin)
            request, _ = requests.insert(c, new, status=Status.RUNNING, lapses_at=None)
            room.response.follow(c, request)

    await room.database.run(ends)
    [action] = (await room.now()).actions.values()
    assert (action.operation, action.request_id, action.by) == (DISABLE, 2, "U0SAM")
