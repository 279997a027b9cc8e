"""*Ask again*: who may open the form of an old request, what it holds, and from where it counts as asked."""

from typing import Any, cast

import pytest

from bot.approvals import store
from bot.approvals.models import Status
from bot.errors import ApprovalConflict
from bot.features import OPERATIONS
from bot.features.forms.again import Refill, old_fields, old_request, register_again, with_channel
from bot.slack.delivery import Kind
from bot.slack.router import Router
from tests.approvals.kit import BEN, CHANNEL, MIRA, new_request
from tests.features.desk import ListenerDesk, button

CREATE, QUOTA = OPERATIONS["key.create"], OPERATIONS["key.quota"]


async def asked(desk: ListenerDesk, **changes: Any) -> str:
    request, _ = await desk.deps.database.run(
        store.insert, new_request(**changes), status=Status.DENIED, lapses_at=None
    )
    return str(request.id)


async def test_the_requester_and_whoever_sees_it_may_open_it_and_nobody_else(listener_desk: ListenerDesk) -> None:
    row = await asked(listener_desk)
    for user in ("U0ADA", MIRA.slack_user_id):
        delivery = listener_desk.delivery(user=user, kind=Kind.ACTION, payload=button(row))
        assert (await old_request(listener_desk.deps, delivery, CREATE)).number == f"#{row}"
    for user, value, operation in ((BEN.slack_user_id, row, CREATE), ("U0ADA", "99", CREATE), ("U0ADA", row, QUOTA)):
        delivery = listener_desk.delivery(user=user, kind=Kind.ACTION, payload=button(value))
        with pytest.raises(ApprovalConflict, match="no such request"):
            await old_request(listener_desk.deps, delivery, operation)


async def test_the_fields_are_those_of_the_wish_without_a_secret(listener_desk: ListenerDesk) -> None:
    row = await asked(listener_desk, reason="for the launch")
    delivery = listener_desk.delivery(kind=Kind.ACTION, payload=button(row))
    request = await old_request(listener_desk.deps, delivery, CREATE)
    fields = old_fields(listener_desk.deps, request, CREATE)
    assert fields["reason"] == "for the launch"
    assert fields["name"] == request.key_name
    held = request.model_copy(update={"reason": f"use sk-{'a1B2' * 12}"})
    assert "a1B2a1B2" not in str(old_fields(listener_desk.deps, held, CREATE)["reason"])


def test_the_button_is_named_after_the_operation(listener_desk: ListenerDesk) -> None:
    router, unused = Router(), cast("Refill", None)
    register_again(router, listener_desk.deps, QUOTA, unused)
    assert router.names("action") == {"key.quota.again"}


@pytest.mark.parametrize(("where", "counts"), [("C0OTHER", "C0OTHER"), ("D0ADA", CHANNEL), ("", CHANNEL)])
def test_a_direct_message_counts_as_the_channel_for_requests(
    listener_desk: ListenerDesk, where: str, counts: str
) -> None:
    delivery = listener_desk.delivery(channel_id=where)
    assert with_channel(listener_desk.deps, delivery).channel_id == counts
