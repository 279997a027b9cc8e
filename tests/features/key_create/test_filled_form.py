"""A template over what was typed; what the gateway does not have is said."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_create.filled_form import FilledForm, FilledFormListeners, template_fields
from bot.gateway.models import Group
from bot.permissions import parse_policy
from bot.slack.delivery import Kind
from tests.approvals.kit import ADA, CHANNEL
from tests.features.desk import ListenerDesk

NOW = 1_790_000_000.0


def test_a_template_takes_the_place_of_what_was_typed_in_its_fields() -> None:
    text = '[[templates]]\nname = "a"\nfields = { remain_quota = "$5", expired_time = "45d", unlimited_quota = false }'
    [template] = parse_policy(text).templates
    typed: dict[str, Any] = {"name": "bot", "remain_quota": "1", "expired_time": "7d", "reason": "mine"}
    assert template_fields(template, typed, now=NOW) == {
        "name": "bot",
        "remain_quota": "$5",
        "expired_time": "custom",
        "expired_time_at": int(NOW) + 45 * 86_400,
        "unlimited_quota": False,
        "reason": "mine",
    }
    [never] = parse_policy('[[templates]]\nname = "a"\nfields = { expired_time = "never" }').templates
    assert template_fields(never, {}, now=NOW) == {"expired_time": "never"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, ""),
        ({"group": "default", "model_limits": ("gpt-4o",)}, ""),
        ({"group": "auto"}, ""),
        ({"model_limits": ("gpt-4o", "gpt-99")}, "does not list `gpt-99`"),
    ],
)
async def test_what_this_gateway_does_not_have_is_said(
    listener_desk: ListenerDesk, fields: dict[str, Any], told: str
) -> None:
    view = await FilledForm(listener_desk.deps).draw(ADA, fields, [], channel=CHANNEL)
    notes = [block for block in view["blocks"] if block.get("block_id") == "notes"]
    assert bool(notes) is bool(told)
    assert told in str(notes)


async def test_a_group_that_this_gateway_does_not_list_is_said(listener_desk: ListenerDesk) -> None:
    async def groups(*, deadline: float, gateway: str) -> list[Group]:
        del deadline
        return [Group(name="vip", description="", ratio="1")]

    inventory: Any = SimpleNamespace(groups=groups)
    form = FilledForm(replace(listener_desk.deps, inventory=inventory))
    assert await form.missing({"group": "vip"}) == []
    assert "has no group `nowhere`" in str(await form.missing({"group": "nowhere"}))


async def test_a_name_that_a_key_has_gets_a_number(listener_desk: ListenerDesk) -> None:
    listener_desk.gateway.add_key(name="ü" * 25)
    listeners = FilledFormListeners(listener_desk.deps, FilledForm(listener_desk.deps))
    assert await listeners.free_name("other", "") == "other"
    assert await listeners.free_name("ü" * 25, "") == "ü" * 24 + "-2"


async def test_a_template_that_is_gone_is_said(listener_desk: ListenerDesk) -> None:
    payload = {"actions": [{"block_id": "templates", "value": "gone"}]}
    delivery = listener_desk.delivery(kind=Kind.ACTION, payload=payload)
    listeners = FilledFormListeners(listener_desk.deps, FilledForm(listener_desk.deps))
    with pytest.raises(InputError, match="no template “gone” any more"):
        await listeners.by_template(delivery)
