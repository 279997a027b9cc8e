"""What one full PUT is to make of a record, and what usage explains of what it became. The wire: test_update.py."""

from typing import Any

import pytest

from bot.gateway.errors import CallFacts, Refusal
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import KeyNumbers
from bot.gateway.records import key_and_value
from bot.gateway.validation import LARGEST_QUOTA
from bot.gateway.writes import WriteStatus
from bot.gateway.writes.put import IN_FLIGHT, Intent, delta_problem, explained_by_usage, put, side_effects
from bot.gateway.writes.session import Session
from tests.gateway.answers import ROW
from tests.gateway.kit import MemoryJournal, client_of, fake_gateway

NOW = 1_800_000_000.0
FACTS = CallFacts(operation="reading", key_id=None, request_id=None, reference="0", status=None)


def record(**changes: Any) -> Key:
    return key_and_value(ROW | {"remain_quota": 70, "used_quota": 30} | changes, FACTS, KeyNumbers())[0]


@pytest.mark.parametrize(
    ("intent", "before", "sum_after"),
    [
        (Intent(delta=25), {}, 125),
        (Intent(delta=-25), {}, 75),
        (Intent(delta=25), {"remain_quota": -10}, 45),
        (Intent(remain=0), {}, 30),
        (Intent(remain=5), {"unlimited_quota": True}, 35),
        (Intent(total=100), {"remain_quota": 60}, 100),
        (Intent(total=10), {}, 30),  # a limited key has no less than nothing left
        (Intent(total=10), {"unlimited_quota": True}, 10),
        (Intent(fields={"name": "other"}), {}, 100),
        (Intent(fields={"name": "other"}), {"remain_quota": -10}, 30),  # overdrawn: only 0 can be written
        (Intent(fields={"name": "other"}), {"remain_quota": -10, "unlimited_quota": True}, 20),
        (Intent(fields={"unlimited_quota": False}), {"remain_quota": -10, "unlimited_quota": True}, 30),
    ],
)
def test_the_sum_of_left_and_used_that_a_record_shall_have(
    intent: Intent, before: dict[str, Any], sum_after: int
) -> None:
    assert intent.target(record(**before)) == sum_after


def test_a_record_is_sent_whole_on_the_freshest_numbers() -> None:
    intent, before = Intent(fields={"name": "other"}, delta=25), record()
    fresh = record(remain_quota=50, used_quota=50)
    sent = intent.applied_to(fresh, intent.target(before))
    assert sent == fresh.model_copy(update={"name": "other", "remain_quota": 75})
    assert intent.holds_in(sent)
    assert not intent.holds_in(fresh)


@pytest.mark.parametrize(
    ("left", "delta", "problem"),
    [
        ({"remain_quota": 70}, -70, None),
        ({"remain_quota": 70}, -71, Refusal.QUOTA_NEGATIVE),
        ({"remain_quota": 70, "unlimited_quota": True}, -71, None),
        ({"remain_quota": 70}, LARGEST_QUOTA - 70, None),
        ({"remain_quota": 70}, LARGEST_QUOTA - 69, Refusal.QUOTA_TOO_LARGE),
    ],
)
def test_a_remainder_stays_between_nothing_and_the_maximum(
    left: dict[str, Any], delta: int, problem: Refusal | None
) -> None:
    assert delta_problem(record(**left), delta) is problem


USED_NOW = {"accessed_time": int(NOW) - 120}


@pytest.mark.parametrize(
    ("before", "found", "drift", "explained"),
    [
        ({}, {}, 1, False),  # nobody used it
        ({}, {"used_quota": 31}, IN_FLIGHT, True),
        ({}, {"used_quota": 31}, -IN_FLIGHT, True),  # a refund
        ({}, {"used_quota": 31}, IN_FLIGHT + 1, False),
        ({}, {"used_quota": 30 + 2 * IN_FLIGHT}, 2 * IN_FLIGHT, True),
        ({}, {"accessed_time": 2}, 5, True),
        (USED_NOW, USED_NOW, 5, True),
        ({"accessed_time": int(NOW) - 121}, {"accessed_time": int(NOW) - 121}, 5, False),
    ],
)
def test_what_usage_can_have_done_to_the_sum(
    before: dict[str, Any], found: dict[str, Any], drift: int, explained: bool
) -> None:
    assert explained_by_usage(record(**before), record(**found), drift, now=NOW) is explained


def test_only_what_was_not_to_change_is_a_side_effect() -> None:
    found = record(name="other", group="vip", allow_ips="", remain_quota=1)
    assert [one.field for one in side_effects(record(), found, but=("name",))] == ["group"]
    assert [one.field for one in side_effects(record(), found)] == ["name", "group"]


async def test_what_is_finished_is_read_and_not_sent_again() -> None:
    fake = fake_gateway()
    key_id, client, journal = KeyId(fake.add_key(name="ci", remain_quota=70).id), client_of(fake), MemoryJournal()

    async def raised() -> Any:
        return await put(Session(client=client, journal=journal, processing=15.0), "step", key_id, Intent(delta=25))

    first, second = await raised(), await raised()
    assert (first.status, first.moved) == (second.status, second.moved) == (WriteStatus.DONE, 25)
    assert fake.key(key_id).remain_quota == 95
    assert sum(seen.method == "PUT" for seen in fake.requests) == 1
