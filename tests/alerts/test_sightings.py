"""One card per leaked key: a later alert about it joins the card, whoever stores it, unless the card is over."""

import asyncio
import time

import pytest
import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.cards.notifications import card_id
from bot.alerts.detection.key_index import IndexEntry, MatchKind
from bot.alerts.detection.scanner import find
from bot.alerts.models import Alert, AlertStatus, MoreFinding
from bot.alerts.sightings import SAME_LEAK_SECONDS
from bot.alerts.tables import leaked_keys
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.slack import post_store
from keydesk_sandbox.fake_gateway import Record
from tests.alerts.room import Room
from tests.alerts.test_store import incoming
from tests.approvals.kit import SAM


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


async def has_card(room: Room, alert: Alert) -> bool:
    return await room.database.read(post_store.load, card_id(alert.id)) is not None


async def owner_messages(room: Room) -> int:
    def count(c: sa.Connection) -> int:
        return int(c.execute(sa.text("SELECT count(*) FROM posts WHERE kind = 'alert_owner'")).scalar_one())

    return await room.database.read(count)


async def test_a_later_alert_about_a_key_joins_its_card(room: Room) -> None:
    key = room.key()
    await room.own(key)
    first = await room.alert(key)
    second, third = await room.alert(key, source="gitguardian"), await room.alert(key, source="gitlab")
    assert (second.elsewhere, third.elsewhere) == ({key.id: first.id}, {key.id: first.id})
    assert [await has_card(room, alert) for alert in (first, second, third)] == [True, False, False]
    assert await owner_messages(room) == 1
    assert [one.id for one in await room.database.read(sightings.of_card, first.id)] == [third.id, second.id]
    assert await room.database.read(sightings.count, first.id) == 2
    # Each is not told among the alerts that name nothing known either.
    assert await room.database.read(store.without_card, int(second.received_at // 60), limit=9) == ([], 0)


async def test_alerts_that_are_stored_at_once_make_one_card(room: Room) -> None:
    key, other = room.key(), Room(room.database)
    await room.index_sync.catch_up(asked=True)
    await other.index_sync.catch_up(asked=True)
    other.index.put([IndexEntry(key.id, "", None)])
    text = room.value(key)
    known, _ = await room.ingest.findings(find([text]))
    received = [
        desk.ingest.receive(incoming(str(number), found=find([text])), known=known)
        for number, desk in enumerate([room, other] * 4)
    ]
    ids = await asyncio.gather(*received)
    alerts = [await room.now(alert_id) for alert_id in ids]
    assert [await has_card(room, alert) for alert in alerts].count(True) == 1
    shown = {alert.elsewhere.get(key.id, alert.id) for alert in alerts}
    assert len(shown) == 1


async def test_a_repeat_of_a_joined_alert_stays_joined(room: Room) -> None:
    key = room.key()
    first = await room.alert(key)
    joined = await room.alert(key)
    again = await room.ingest.receive(incoming(joined.their_id, source=joined.source, found=find([room.value(key)])))
    assert again == joined.id
    assert (await room.now(again)).elsewhere == {key.id: first.id}
    assert await room.database.read(sightings.count, first.id) == 1


@pytest.mark.parametrize("status", [AlertStatus.FALSE_ALARM, AlertStatus.NOT_OURS])
async def test_a_closed_card_takes_no_more_and_closes_what_it_shows(room: Room, status: AlertStatus) -> None:
    key = room.key()
    first, second = await room.alert(key), await room.alert(key)
    closed = await room.database.run(sightings.close, first)
    assert list(closed) == [second.id]
    await room.database.run(store.change, first.id, status=status.value)
    third = await room.alert(key)
    assert (third.elsewhere, await has_card(room, third)) == ({}, True)


async def test_the_listeners_close_the_sightings_with_the_card(room: Room) -> None:
    key = room.key()
    first, second = await room.alert(key), await room.alert(key)
    await room.listeners.false_alarm(room.click(SAM, str(first.id)))
    assert [(await room.now(i)).status for i in (first.id, second.id)] == [AlertStatus.FALSE_ALARM] * 2


async def dead(room: Room, key: Record) -> Alert:
    alert = await room.alert(key)
    await room.response.act_by_policy(alert, on=alert)
    await room.settle(1, Status.SUCCEEDED)
    return await room.now(alert.id)


async def test_a_dead_key_that_is_seen_within_a_day_is_the_same_leak_and_later_a_new_one(room: Room) -> None:
    key = room.key()
    first = await dead(room, key)
    joined = await room.alert(key)
    assert joined.elsewhere == {key.id: first.id}
    room.spine.now += SAME_LEAK_SECONDS + 1
    later = await room.alert(key)
    assert later.elsewhere == {}
    assert (await room.alert(key)).elsewhere == {key.id: later.id}


async def test_a_living_key_is_on_the_same_card_however_long_it_takes(room: Room) -> None:
    key = room.key()
    first = await room.alert(key)
    room.spine.now += 30 * SAME_LEAK_SECONDS
    assert (await room.alert(key)).elsewhere == {key.id: first.id}


async def test_an_alert_with_a_new_key_beside_a_known_one_has_a_card_for_the_new_one(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    first = await room.alert(one)
    both = await room.alert(one, other)
    assert both.elsewhere == {one.id: first.id}
    assert (both.sure_keys, both.possible_keys, both.named_keys) == ((other.id,), (other.id,), (one.id, other.id))
    assert await has_card(room, both)
    assert list(both.keys) == [other.id]
    # One that names both is shown by both cards, and needs none.
    third = await room.alert(other, one)
    assert third.elsewhere == {one.id: first.id, other.id: both.id}
    assert not await has_card(room, third)
    # Its window shows both keys as they stand on their cards, and an order goes to the card of its key.
    whole = await room.database.read(sightings.whole, third)
    assert (set(whole.possible_keys), set(whole.keys)) == ({one.id, other.id}, {one.id, other.id})
    await room.response.order(third, one.id, SAM, operation="key.disable", clicked_at=room.spine.now, deadline=9.0)
    assert list((await room.now(first.id)).actions) == [one.id]
    assert (await room.now(third.id)).actions == {}


async def test_what_was_closed_alone_is_open_again_with_a_card_of_its_own(room: Room) -> None:
    key = room.key()
    first = await room.alert(key)
    joined = await room.alert(key)
    await room.listeners.false_alarm(room.click(SAM, str(first.id)))
    said = incoming(joined.their_id, found=find([room.value(key)]), event="again", event_id="e-2", opens=True)
    await room.ingest.receive(said)
    again = await room.now(joined.id)
    assert (again.status, again.elsewhere, await has_card(room, again)) == (AlertStatus.OPEN, {}, True)


async def test_a_mask_joins_once_its_value_is_proven(room: Room) -> None:
    key = room.key()
    masked = await room.alert(key)
    findings = [one.model_copy(update={"how": MatchKind.MASKED}) for one in masked.findings]
    masked = await room.database.run(store.change, masked.id, findings=findings)
    await room.database.run(sightings.close, masked)  # nothing was proven by it yet
    proven = await room.alert(key)
    assert (proven.elsewhere, await has_card(room, proven)) == ({}, True)
    # The index knows the value by now.
    masked = await room.triage.match(masked.id)
    assert masked.elsewhere == {key.id: proven.id}
    assert masked.is_sighting


async def test_what_was_begun_from_a_masked_card_stays_there(room: Room) -> None:
    key = room.key()
    masked = await dead(room, key)
    findings = [one.model_copy(update={"how": MatchKind.MASKED}) for one in masked.findings]
    masked = await room.database.run(store.change, masked.id, findings=findings)
    await room.database.run(sightings.close, masked)
    await room.alert(key)
    assert (await room.triage.match(masked.id)).elsewhere == {}


async def test_a_leak_of_more_keys_than_a_card_shows_joins_nothing(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    await room.alert(one)
    many = await room.alert(one, more_findings=[MoreFinding("1:ab", other.id)])
    assert many.is_mass_leak
    fresh = many.model_copy(update={"elsewhere": {}})
    assert await room.database.run(sightings.claim, fresh, now=room.spine.now) == fresh


async def test_the_policy_acts_on_the_card_when_a_source_of_its_joins(room: Room) -> None:
    key = room.key()
    first = await room.alert(key, source="gitlab")
    await room.triage.run(str(first.id))
    assert (await room.now(first.id)).actions == {}
    joined = await room.alert(key)  # the policy disables what this source reports
    await room.triage.run(str(joined.id))
    request = await room.request()
    assert (request.key_id, request.origin.alert_id) == (key.id, first.id)
    assert "from generic" in request.judgement.decision.sentence
    assert list((await room.now(first.id)).actions) == [key.id]


async def test_a_card_that_has_grown_to_more_keys_than_it_shows_takes_no_more(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    grown = await room.alert(one)
    await room.database.run(store.change, grown.id, more_findings=[MoreFinding("1:ab", other.id)])
    new = await room.alert(one)
    assert (new.elsewhere, await has_card(room, new)) == ({}, True)


async def test_what_two_cards_show_is_closed_with_the_second(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    first, second = await room.alert(one), await room.alert(other)
    both = await room.alert(one, other)
    await room.listeners.false_alarm(room.click(SAM, str(first.id)))
    assert (await room.now(both.id)).status is AlertStatus.OPEN
    await room.listeners.false_alarm(room.click(SAM, str(second.id)))
    assert (await room.now(both.id)).status is AlertStatus.FALSE_ALARM


async def test_a_leak_that_goes_on_is_not_left_to_a_card_that_was_closed(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    first = await room.alert(one)
    both = await room.alert(one, other)
    await room.listeners.false_alarm(room.click(SAM, str(first.id)))
    text = f"{room.value(one)} {room.value(other)}"
    said = incoming(both.their_id, found=find([text]), event="again", event_id="e-2", opens=True)
    await room.ingest.receive(said)
    again = await room.now(both.id)
    assert (again.elsewhere, set(again.sure_keys)) == ({}, {one.id, other.id})


@pytest.mark.postgres
async def test_a_card_that_is_closed_and_a_sighting_that_grows_never_wait_for_each_other(
    postgres_database: Database,
) -> None:
    """The sighting is told of another key of the card while the card is closed. The other order of locks was a circle
    that PostgreSQL broke by an error."""
    room = Room(postgres_database)
    one, other = room.key("one"), room.key("other")
    card = await room.alert(one, other)
    seen = await room.alert(one)
    assert seen.elsewhere == {one.id: card.id}
    with postgres_database.engine.begin() as growing:
        grown, _ = store.receive(growing, incoming(seen.their_id), findings=[], notes=[], at=room.spine.now)
        closing = asyncio.create_task(room.listeners.false_alarm(room.click(SAM, str(card.id))))
        await asyncio.to_thread(_until_somebody_waits, postgres_database)
        findings = [*grown.findings, *(one for one in card.findings if other.id in one.key_ids)]
        grown = store.change(growing, seen.id, findings=findings)
        grown = await asyncio.to_thread(sightings.claim, growing, grown, now=room.spine.now)
        assert grown.elsewhere == {one.id: card.id, other.id: card.id}
    await closing
    assert [(await room.now(i)).status for i in (card.id, seen.id)] == [AlertStatus.FALSE_ALARM] * 2


@pytest.mark.postgres
async def test_a_card_that_is_closed_takes_its_keys_in_the_order_in_which_others_do(
    postgres_database: Database,
) -> None:
    """An alert that names both keys takes the lower one first, wherever the table has them."""
    room, database = Room(postgres_database), postgres_database
    low, high = sorted((room.key("one"), room.key("other")), key=lambda key: key.id)
    card = await room.alert(low, high)

    def turned(c: sa.Connection) -> None:
        c.execute(sa.delete(leaked_keys))
        for key in (high, low):
            c.execute(sa.insert(leaked_keys).values(key_id=key.id, alert_id=card.id))

    await database.run(turned)
    with database.engine.begin() as claiming:
        sightings._card_of(claiming, low.id, card.id + 1)
        closing = asyncio.create_task(database.run(sightings.close, card))
        await asyncio.to_thread(_until_somebody_waits, database)
        await asyncio.to_thread(sightings._card_of, claiming, high.id, card.id + 1)
    assert await closing == []


def _until_somebody_waits(database: Database) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        while not c.scalar(waiting):
            time.sleep(0.01)
