"""An alert is closed by those who may stop any key of it, once, with what its card shows; what was done stands."""

import pytest

from bot.alerts import store
from bot.alerts.closure import is_at_once
from bot.alerts.models import AlertStatus
from bot.db.engine import Database
from bot.errors import ApprovalConflict, PermissionDenied
from bot.permissions.models import Approval, Decision, Stage
from tests.alerts.kit import core
from tests.alerts.room import Room
from tests.approvals.kit import ADA, SAM

STRANGE = f"sk-{core(2)}"
YES = Decision(outcome="allow", rule="plug", sentence="")


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    return Room(sqlite_database)


async def test_what_names_no_key_of_ours_is_noted_as_such_and_opens_when_it_turns_out_to_be(room: Room) -> None:
    alert = await room.alert(text=STRANGE)
    closed = await room.listeners.closure.close(alert, SAM, [YES], AlertStatus.NOT_OURS)
    assert closed == "Alert 1 is noted as not ours."
    assert (await room.now()).status is AlertStatus.NOT_OURS
    assert (await room.spine.facts())[-1] == "not_ours"
    findings = (await room.now()).findings
    known = [one.model_copy(update={"hint": "", "fingerprint": None}) for one in findings]
    await room.database.run(store.change, 1, findings=known)
    key = room.key()
    value = (await room.alert(key)).findings[0]
    await room.database.run(store.change, 1, findings=[value.model_copy(update={"how": "unknown", "key_ids": ()})])
    assert (await room.triage.match(1)).status is AlertStatus.OPEN


async def test_an_alert_about_a_key_of_ours_cannot_be_noted_as_not_ours(room: Room) -> None:
    alert = await room.alert(room.key())
    with pytest.raises(ApprovalConflict, match="names a key of ours"):
        await room.listeners.closure.close(alert, SAM, [YES], AlertStatus.NOT_OURS)


async def test_what_another_card_shows_is_closed_there(room: Room) -> None:
    key = room.key()
    await room.alert(key)
    joined = await room.alert(key)
    with pytest.raises(ApprovalConflict, match="on the card of alert 1"):
        await room.listeners.closure.close(joined, SAM, [YES], AlertStatus.FALSE_ALARM)


async def test_an_alert_with_a_key_of_its_own_is_closed_on_its_own_card(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    await room.alert(one)
    both = await room.alert(one, other)
    assert both.elsewhere
    await room.listeners.closure.close(both, SAM, [YES], AlertStatus.FALSE_ALARM)
    assert [(await room.now(i)).status for i in (1, both.id)] == [AlertStatus.OPEN, AlertStatus.FALSE_ALARM]


async def test_who_may_not_stop_the_key_closes_nothing(room: Room) -> None:
    alert = await room.alert(room.key())
    no = Decision(outcome="deny", rule=None, sentence="No.")
    with pytest.raises(PermissionDenied, match="No"):
        await room.listeners.closure.close(alert, ADA, [YES, no], AlertStatus.FALSE_ALARM)
    assert (await room.now()).status is AlertStatus.OPEN


def test_a_break_glass_needs_nobody_beforehand() -> None:
    glass = Approval(stages=(Stage(roles=("security",)),), expires=1.0, break_glass=True)
    asks = Decision(outcome="needs_approval", rule="x", sentence="", approval=glass)
    assert is_at_once(asks)
    assert is_at_once(YES)
    assert not is_at_once(Decision(outcome="deny", rule=None, sentence=""))
