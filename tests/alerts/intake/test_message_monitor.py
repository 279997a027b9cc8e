"""Messages with a key that the index does not know yet: held as fingerprints, reported by whoever learns the key."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry, KeyIndex
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.ingest import AlertIngest
from bot.alerts.intake import message_monitor
from bot.alerts.intake.message_monitor import HOLD_SECONDS, MessageMonitor
from bot.alerts.models import Alert
from bot.db.engine import Database
from bot.permissions.models import Actor, ActorKind
from tests.alerts.kit import NOW, SECRET, core, hint_of


class Replica:
    """One process: an index of its own, the rows of all."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOW
        self.prints = Fingerprints(SECRET)
        self.index = KeyIndex(self.prints)
        fake: Any = self
        ingest = AlertIngest(
            database=database,
            engine=fake,
            index=self.index,
            leaked_values=LeakedValues(clock=self.clock),
            notifications=AlertNotifications(outbox=fake, channel="C0SEC"),
            clock=self.clock,
        )
        self.hits: list[int] = []
        self.colleagues = {"U0ADA"}
        self.monitor = MessageMonitor(
            database=database,
            index=self.index,
            ingest=ingest,
            ours=frozenset({"U0BOT"}),
            hit=self.hits.extend,
            who_is=self.who_is,
            clock=self.clock,
        )

    def clock(self) -> float:
        return self.now

    async def who_is(self, slack_user_id: str, user_team_id: str) -> Actor:
        """The directory's part: by the list of workspaces, so what the event says does not count."""
        kind = ActorKind.MEMBER if slack_user_id in self.colleagues else ActorKind.OUTSIDER
        return Actor(slack_user_id=slack_user_id, team_id=user_team_id, kind=kind)

    def start(self, *_arguments: object, **_more: Any) -> None:
        """The engine's part."""

    def want(self, *_arguments: object, **_more: Any) -> None:
        """The outbox's part."""

    def learn(self, number: int) -> None:
        value = core(number)
        self.index.put([IndexEntry(number, hint_of(value), self.prints.of(value))])

    async def hear(self, text: str, *, ts: str = "1.1", **more: Any) -> None:
        event = {"type": "message", "text": text, "ts": ts, "user": "U0ADA", **more}
        delivery: Any = Heard(event)
        await self.monitor.on_message(delivery)

    async def alerts(self) -> list[Alert]:
        return await self.database.read(store.recent)


class Heard:
    channel_id, team_id = "C0KEYS", "T0"

    def __init__(self, event: dict[str, Any]) -> None:
        self.event, self.payload = event, {"is_ext_shared_channel": event.pop("shared", False)}


@pytest.fixture
def replica(sqlite_database: Database) -> Replica:
    return Replica(sqlite_database)


@pytest.mark.parametrize("more", [{}, {"thread_ts": "1.0"}, {"shared": True}])
async def test_a_message_is_held_over_a_restart_and_reported_by_whichever_process_learns_the_key(
    replica: Replica, more: dict[str, Any]
) -> None:
    await replica.hear(f"use sk-{core(1)} for now", **more)
    assert await replica.alerts() == []
    after = Replica(replica.database)
    await after.monitor.look_again()
    assert await after.alerts() == []
    after.learn(1)
    after.now += 120
    await after.monitor.look_again()
    (alert,) = await after.alerts()
    assert alert.sure_keys == (1,)
    place = alert.place
    assert (place["channel"], place["ts"], place["by"]) == ("C0KEYS", "1.1", "U0ADA")
    assert place["thread_ts"] == more.get("thread_ts", "")
    assert place["guarded"] is not more.get("shared", False)
    await after.monitor.look_again()
    await replica.monitor.look_again()
    assert [one.deliveries for one in await after.alerts()] == [1]


async def test_no_value_and_no_word_of_a_held_message_is_stored(replica: Replica) -> None:
    await replica.hear(f"my secret words sk-{core(1)}")

    def rows(c: sa.Connection) -> str:
        return json.dumps([list(row) for row in c.execute(sa.text("SELECT * FROM held_messages"))])

    stored = await replica.database.read(rows)
    assert "C0KEYS" in stored
    assert core(1) not in stored
    assert core(1)[:12] not in stored
    assert "secret words" not in stored


async def test_a_key_learnt_while_the_row_was_written_is_reported(replica: Replica) -> None:
    hold = store.hold_message

    def learn_first(c: sa.Connection, *arguments: Any, **more: Any) -> None:
        hold(c, *arguments, **more)
        replica.learn(1)

    store.hold_message = learn_first
    try:
        await replica.hear(f"sk-{core(1)}")
    finally:
        store.hold_message = hold
    assert [alert.sure_keys for alert in await replica.alerts()] == [(1,)]


async def test_what_was_held_too_long_is_forgotten(replica: Replica) -> None:
    await replica.hear(f"sk-{core(1)}")
    replica.now += HOLD_SECONDS + 1
    replica.learn(1)
    await replica.monitor.look_again()
    assert await replica.alerts() == []


async def test_a_flood_of_messages_is_held_up_to_a_number_the_newest_of_them(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_monitor, "MOST_HELD", 5)
    for number in range(9):
        replica.now += 1
        await replica.hear(f"sk-{core(number)}", ts=f"{number}.0")
    held = await replica.database.read(store.held, now=replica.now)
    assert sorted(message.ts for message in held) == [f"{number}.0" for number in range(4, 9)]


async def test_one_authors_flood_pushes_out_what_the_same_author_wrote(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_monitor, "MOST_HELD", 5)
    await replica.hear(f"sk-{core(100)}", ts="0.1", user="U0BEN")
    # Two messages of other apps, which have no author: their channel's share.
    await replica.hear(f"sk-{core(101)}", ts="0.2", user="", bot_id="B1")
    await replica.hear(f"sk-{core(102)}", ts="0.3", user="", bot_id="B2")
    for number in range(9):
        replica.now += 1
        await replica.hear(f"sk-{core(number)}", ts=f"{number + 1}.0")
    held = await replica.database.read(store.held, now=replica.now)
    assert sorted(message.ts for message in held) == ["0.1", "0.2", "0.3", "8.0", "9.0"]


async def test_a_hidden_key_with_these_ends_is_asked_for(replica: Replica) -> None:
    replica.index.put([IndexEntry(7, hint_of(core(1)), None)])
    await replica.hear(f"sk-{core(1)}")
    assert replica.hits == [7]
    assert len(await replica.database.read(store.held, now=replica.now)) == 1


@pytest.mark.parametrize("text", ["hello", f"sha {core(3)}", "sk-short"])
async def test_what_does_not_look_like_a_key_is_not_held(replica: Replica, text: str) -> None:
    await replica.hear(text)
    assert await replica.database.read(store.held, now=replica.now) == []


async def test_our_own_messages_and_deleted_ones_are_passed_over(replica: Replica) -> None:
    replica.learn(1)
    await replica.hear(f"sk-{core(1)}", user="U0BOT")
    await replica.hear(f"sk-{core(1)}", subtype="message_deleted")
    assert await replica.alerts() == []
    await replica.hear("", subtype="message_changed", message={"text": f"sk-{core(1)}", "ts": "1.1", "user": "U0ADA"})
    assert len(await replica.alerts()) == 1


@pytest.mark.parametrize(("author", "warned"), [("U0ADA", True), ("U0OLGA", False)])
async def test_in_a_shared_channel_a_colleague_is_warned_whatever_workspace_the_event_names(
    replica: Replica, author: str, warned: bool
) -> None:
    """On Enterprise Grid `user_team` may be another workspace of the person; an outsider's may look like ours."""
    replica.learn(1)
    await replica.hear(f"sk-{core(1)}", shared=True, user=author, user_team="T0OTHER" if warned else "T0")
    (alert,) = await replica.alerts()
    assert alert.place["warn"] == (author if warned else "")


async def test_a_new_hidden_key_with_these_ends_is_asked_for_when_it_is_learned(replica: Replica) -> None:
    """Where the gateway masks values, a key that was made in the console is known by its ends at first."""
    await replica.hear(f"sk-{core(1)}")
    assert replica.hits == []
    replica.index.put([IndexEntry(7, hint_of(core(1)), None)])
    await replica.monitor.look_again()
    assert replica.hits == [7]
    replica.index.put([IndexEntry(7, hint_of(core(1)), replica.prints.of(core(1)))])
    await replica.monitor.look_again()
    assert [alert.sure_keys for alert in await replica.alerts()] == [(7,)]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
async def test_keys_that_stand_in_one_message_are_each_reported_when_they_are_known(
    replica: Replica, order: tuple[int, ...]
) -> None:
    replica.learn(order[0])
    await replica.hear(" ".join(f"sk-{core(number)}" for number in (1, 2, 3)))
    for known in (1, 2, 3):
        (alert,) = await replica.alerts()
        assert set(alert.sure_keys) == set(order[:known])
        if known < len(order):
            replica.learn(order[known])
            await replica.monitor.look_again()
    assert await replica.database.read(store.held, now=replica.now) == []


@pytest.mark.parametrize("subtype", ["channel_topic", "channel_purpose"])
async def test_a_key_in_a_channel_s_topic_is_seen(replica: Replica, subtype: str) -> None:
    replica.learn(1)
    await replica.hear(f"<@U0ADA> set the channel topic: use sk-{core(1)}", subtype=subtype)
    (alert,) = await replica.alerts()
    assert alert.sure_keys == (1,)


@pytest.mark.parametrize("subtype", ["message_deleted", "channel_join"])
async def test_what_is_no_message_is_passed_over(replica: Replica, subtype: str) -> None:
    replica.learn(1)
    await replica.hear(f"sk-{core(1)}", subtype=subtype)
    assert await replica.alerts() == []
