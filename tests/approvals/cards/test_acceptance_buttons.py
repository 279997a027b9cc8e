"""*Accept* and *Decline*: the request's id goes on, with the person as Slack shows them now."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.approvals.cards.acceptance_buttons import AcceptanceButtons, register
from bot.permissions.models import Actor
from bot.slack.router import Router
from tests.approvals.kit import BEN


@pytest.mark.parametrize(("value", "row"), [("12", 12), ("", 0), ("x", 0), ("١٢", 0), ("1" * 30, 0)])
async def test_the_value_is_a_rows_id_and_nothing_else(value: str, row: int) -> None:
    answered: list[tuple[str, int, Actor]] = []

    async def accept(number: int, actor: Actor) -> None:
        answered.append(("accept", number, actor))

    async def decline(number: int, actor: Actor) -> None:
        answered.append(("decline", number, actor))

    async def standing(user: str) -> Actor:
        assert user == BEN.slack_user_id
        return BEN

    acceptances: Any = SimpleNamespace(accept=accept, decline=decline)
    directory: Any = SimpleNamespace(standing=standing)
    buttons = AcceptanceButtons(acceptances=acceptances, directory=directory)
    delivery: Any = SimpleNamespace(user_id=BEN.slack_user_id, action_value=value)
    await buttons.accept(delivery)
    await buttons.decline(delivery)
    assert answered == [("accept", row, BEN), ("decline", row, BEN)]
    router = Router()
    register(router, buttons)
    assert router.names("action") == {"accept_key", "decline_key"}
