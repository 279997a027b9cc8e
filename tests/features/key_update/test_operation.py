"""Only the fields that were changed are written, on the record as it was seen."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_update.operation import OPERATION, UpdateKey
from bot.gateway.errors import Refusal
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus
from bot.operations import Expiry, Offer
from tests.approvals.kit import Offered
from tests.features.kit import ADA, look_on, work_on
from tests.gateway.kit import client_of, fake_gateway

SETTINGS: dict[str, Any] = {"name": "search", "remain_quota": 9, "allow_ips": "203.0.113.7", "model_limits": "gpt-4o"}


async def test_what_is_left_as_it_is_is_written_as_it_was() -> None:
    fake = fake_gateway()
    record = fake.add_key(**SETTINGS, model_limits_enabled=True)
    client = client_of(fake)
    before = await client.get_key(KeyId(record.id))
    wanted = UpdateKey(key_id=record.id, name="find", allowed_ips=())
    result = await OPERATION.run(work_on(client, before), wanted)
    now = fake.key(record.id)
    assert result.status is WriteStatus.DONE
    assert (now.name, now.allow_ips, now.model_limits, now.remain_quota) == ("find", "", "gpt-4o", 9)


async def test_a_record_that_changed_since_the_approval_is_left_alone() -> None:
    fake = fake_gateway()
    record = fake.add_key(**SETTINGS)
    client = client_of(fake)
    before = await client.get_key(KeyId(record.id))
    fake.edit_behind(record.id, group="vip")
    result = await OPERATION.run(work_on(client, before), UpdateKey(key_id=record.id, name="find"))
    assert (result.refusal, fake.key(record.id).name) == (Refusal.CHANGED_SINCE, "search")


@pytest.mark.parametrize(
    ("every_model", "models", "told"),
    [(True, ("gpt-4o",), (False, None)), (False, ("a", "b"), (True, "a,b")), (False, (), (False, "")),
     (False, None, (None, None))],
)  # fmt: skip
def test_a_limit_on_models_is_lifted_replaced_or_kept(
    every_model: bool, models: tuple[str, ...] | None, told: tuple[bool | None, str | None]
) -> None:
    changes = UpdateKey(key_id=1, models=models, every_model=every_model).changes(0.0)
    assert (changes.model_limits_enabled, changes.model_limits) == told


def test_an_expiry_counts_from_the_moment_that_is_given() -> None:
    assert UpdateKey(key_id=1, expiry=Expiry(seconds=60)).changes(1_000.0).expired_time == 1_060


async def test_nothing_changed_and_a_name_that_is_taken_are_said_at_the_name() -> None:
    fake = fake_gateway()
    record = fake.add_key(**SETTINGS)
    offered = Offered()
    look = look_on(client_of(fake), inventory=offered)
    with pytest.raises(InputError, match="Nothing is changed"):
        await OPERATION.inspect(look, ADA, UpdateKey(key_id=record.id, name="search"))
    offered.taken = ("find",)
    with pytest.raises(InputError, match="exists already"):
        await OPERATION.inspect(look, ADA, UpdateKey(key_id=record.id, name="find"))


async def test_the_facts_are_those_of_the_record_as_it_would_be() -> None:
    fake = fake_gateway()
    record = fake.add_key(**SETTINGS)
    found = await OPERATION.inspect(look_on(client_of(fake)), ADA, UpdateKey(key_id=record.id, group="vip"))
    assert (found.key_name, found.own, found.facts.group) == ("search", True, "vip")
    assert [(line.label, line.after) for line in found.changes] == [("Group", "vip")]


def test_an_approver_may_give_less() -> None:
    wanted = UpdateKey(key_id=1, expiry=Expiry(seconds=600), models=("a", "b"))
    less = OPERATION.with_offer(wanted, Offer(expiry=Expiry(seconds=60), models=("a",)))
    assert (less.expiry, less.models) == (Expiry(seconds=60), ("a",))
