"""One look into an alert: compared with the newest keys, read, acted on; and what waits for GitHub or the gateway."""

from typing import Any

import pytest
from pydantic import SecretStr

from bot.alerts import store
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.detection.scanner import find
from bot.alerts.intake.github import GithubUnavailable
from bot.alerts.models import FETCHED, UNFETCHED, Alert, AlertStatus, KeySnapshot
from bot.alerts.triage import FRESH_SECONDS, LONGEST_PAUSE, PATIENCE, PAUSE, TROUBLE_PAUSE
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.durable.engine import Again
from keydesk_sandbox.fake_gateway import Record
from tests.alerts.kit import core
from tests.alerts.room import Room
from tests.alerts.test_store import incoming

STRANGE = f"sk-{core(2)}"
PLACE = {"owner": "acme", "repository": "shop", "number": 7}


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    return Room(sqlite_database)


async def received(room: Room, text: str = "", **changes: Any) -> Alert:
    """An alert as it is stored when it comes in: nobody has looked into it."""
    alert_id = await room.ingest.receive(incoming("1", found=find([text]), **changes))
    return await room.now(alert_id)


class Github:
    """What GitHub answers, in turn."""

    def __init__(self, *answers: str | GithubUnavailable) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    async def secret_of(self, place: Any) -> SecretStr:
        self.asked.append(place)
        answer = self.answers.pop(0)
        if isinstance(answer, GithubUnavailable):
            raise answer
        return SecretStr(answer)


def how(alert: Alert) -> list[MatchKind]:
    return [finding.how for finding in alert.findings]


async def test_a_key_of_a_minute_ago_is_found_read_and_disabled_by_the_policy(room: Room) -> None:
    key = room.key()
    await room.own(key)
    alert = await received(room, room.value(key))
    assert how(alert) == [MatchKind.UNKNOWN]
    assert await room.triage.run("1") is None
    alert = await room.now()
    assert (how(alert), alert.sure_keys) == ([MatchKind.FULL], (key.id,))
    assert (alert.keys[key.id].state, alert.keys[key.id].owner) == ("active", "U0ADA")
    assert (await room.request()).status is Status.APPROVED


async def test_an_alert_that_is_gone_is_not_looked_into(room: Room) -> None:
    assert await room.triage.run("9") is None


async def test_a_false_alarm_is_not_acted_on_but_is_open_again_when_a_key_is_found(room: Room) -> None:
    await received(room, STRANGE)
    await room.database.run(store.change, 1, status=AlertStatus.FALSE_ALARM.value, closed_by="U0SAM")
    assert await room.triage.run("1") is None
    assert (await room.now()).actions == {}
    key = room.key()
    other = await room.ingest.receive(incoming("2", found=find([room.value(key)])))
    await room.database.run(store.change, other, status=AlertStatus.FALSE_ALARM.value, closed_by="U0SAM")
    assert await room.triage.run(str(other)) is None
    found = await room.now(other)
    assert (found.status, found.closed_by) == (AlertStatus.OPEN, None)


@pytest.mark.parametrize(("age", "pause"), [(0.0, TROUBLE_PAUSE), (100.0, 12.0), (1e6, LONGEST_PAUSE)])
async def test_while_the_gateway_is_away_it_is_asked_again_ever_later(room: Room, age: float, pause: float) -> None:
    await received(room, room.value(room.key()))
    room.spine.now += age
    room.fake.arm("empty", times=None)
    assert await room.triage.run("1") == Again(pause)
    assert (await room.now()).awaits_lookup


@pytest.mark.parametrize(
    ("complete", "age", "again"), [(False, 0.0, Again(PAUSE)), (True, 0.0, None), (False, PATIENCE, None)]
)
async def test_an_unknown_value_may_become_known_while_the_index_is_filled(
    room: Room, complete: bool, age: float, again: Again | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def without_end(*, asked: bool) -> None:
        assert asked

    monkeypatch.setattr(room.index_sync, "catch_up", without_end)
    await received(room, STRANGE)
    room.index.complete = complete
    room.spine.now += age
    assert await room.triage.run("1") == again
    assert ((await room.now()).looked_up_at is not None) is complete


async def test_what_is_known_whole_is_not_looked_for(room: Room) -> None:
    key = room.key()
    alert = await room.alert(key)
    before = len(room.fake.requests)
    assert await room.triage.match(alert.id) == alert
    assert len(room.fake.requests) == before


async def test_whole_values_beyond_those_shown_become_keys_too(room: Room) -> None:
    key = room.key()
    alert = await received(room, room.value(key))
    more = [["".join(one.fingerprint or "" for one in alert.findings), None]]
    await room.database.run(store.change, 1, more_findings=more)
    alert = await room.triage.match(1)
    assert [one.key_id for one in alert.more_findings] == [key.id]
    assert (await room.triage.match(1)).more_findings == alert.more_findings


async def test_a_hidden_key_that_it_may_be_is_revealed_to_be_sure(sqlite_database: Database) -> None:
    room = Room(sqlite_database, "upstream-g2")
    key = room.key()
    await received(room, room.value(key))
    alert = await room.triage.match(1)
    assert (how(alert), alert.sure_keys) == ([MatchKind.FULL], (key.id,))


async def snapshots(room: Room, key: Record, at: float) -> dict[int, KeySnapshot]:
    seen = KeySnapshot(key_id=key.id, name="seen", state="disabled", looked_at=at)
    return {key.id: seen}


@pytest.mark.parametrize(("since", "read"), [(0.0, False), (FRESH_SECONDS + 1, True)])
async def test_a_key_that_was_read_a_moment_ago_is_not_read_again(room: Room, since: float, read: bool) -> None:
    alert = await room.alert(room.key())
    room.spine.now += since
    before = len(room.fake.requests)
    await room.triage.read_keys(alert.id)
    assert (len(room.fake.requests) > before) is read


async def test_what_was_seen_later_stands(room: Room) -> None:
    key = room.key()
    alert = await room.alert(key)
    later = await snapshots(room, key, room.spine.now + 9.0)
    await room.database.run(store.change, alert.id, keys=later)
    alert, records = await room.triage.read_records(alert.id)
    assert alert.keys == later
    assert records[key.id].name == "search"


async def test_whether_a_key_is_past_is_told_by_the_clock_of_its_own_gateway(room: Room) -> None:
    key = room.key(expired_time=int(room.spine.now) + 100)
    alert = await room.alert(key)
    clock_of_its_gateway = room.client.server_now

    def server_now(key_id: int | None = None) -> float:
        return clock_of_its_gateway() + (0.0 if key_id == key.id else 3600.0)

    room.client.server_now = server_now  # type: ignore[method-assign]  # that of the settings is an hour ahead
    room.spine.now += FRESH_SECONDS + 1
    assert (await room.triage.read_keys(alert.id)).keys[key.id].state == "active"


async def test_a_key_that_is_gone_is_said_to_be_gone(room: Room) -> None:
    key = room.key()
    alert = await room.alert(key)
    room.fake.edit_behind(key.id, deleted_at=1)
    room.spine.now += 60.0
    assert (await room.triage.read_keys(alert.id)).keys[key.id].gone


async def github(room: Room, *answers: str | GithubUnavailable, text: str = "") -> Github:
    made = Github(*answers)
    room.triage.github = made  # type: ignore[assignment]
    await received(room, text, source="github", place=PLACE)
    return made


async def test_githubs_secret_is_fetched_once(room: Room) -> None:
    key = room.key()
    asked = await github(room, room.value(key))
    for _ in range(2):
        await room.triage.run("1")
    alert = await room.now()
    assert (alert.sure_keys, alert.place[FETCHED]) == ((key.id,), True)
    [place] = asked.asked
    assert (place.owner, place.repository, place.number) == ("acme", "shop", 7)


async def test_a_whole_key_in_the_alert_itself_needs_no_fetching(room: Room) -> None:
    key = room.key()
    await room.index_sync.catch_up(asked=True)
    asked = await github(room, text=room.value(key))
    await room.triage.run("1")
    assert asked.asked == []


async def test_without_a_token_it_is_said_that_it_could_not_be_fetched(room: Room) -> None:
    await received(room, source="github", place=PLACE)
    for _ in range(2):
        assert await room.triage.run("1") is None
    alert = await room.now()
    assert alert.notes == ("GITHUB_TOKEN is not configured, so the secret itself could not be fetched.",)
    assert alert.place[UNFETCHED]


@pytest.mark.parametrize(
    ("lasting", "age", "again"), [(False, 0.0, Again(2 * PAUSE)), (False, PATIENCE, None), (True, 0.0, None)]
)
async def test_github_is_asked_again_for_some_minutes_unless_that_is_of_no_use(
    room: Room, lasting: bool, age: float, again: Again | None
) -> None:
    await github(room, GithubUnavailable("GitHub does not say.", lasting=lasting))
    room.spine.now += age
    assert await room.triage.run("1") == again
    alert = await room.now()
    assert (alert.notes, alert.place[UNFETCHED]) == (("GitHub does not say.",), again is None)


async def test_a_secret_that_came_after_all_takes_the_note_away_and_keeps_other_findings(room: Room) -> None:
    key = room.key()
    away = GithubUnavailable("GitHub does not say.", lasting=False)
    await github(room, away, f"{room.value(key)} {STRANGE}", text=STRANGE)
    assert await room.triage.run("1") == Again(2 * PAUSE)
    await room.triage.run("1")
    alert = await room.now()
    assert alert.notes == ()
    assert sorted(how(alert)) == [MatchKind.FULL, MatchKind.UNKNOWN]


async def test_what_came_in_during_the_look_waits_for_the_next_one(room: Room) -> None:
    room.index.complete = True
    looked_for = await received(room, STRANGE)
    another = f"sk-{core(3)}"
    findings, _ = await room.ingest.findings(find([another]))
    await room.database.run(store.change, 1, findings=[*looked_for.findings, *findings])
    await room.database.run(room.triage.match_again, 1, looked_for)
    assert (await room.now()).looked_up_at is None
