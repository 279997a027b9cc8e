"""`/apikey WORD KEY`: one key opens its form, several are shown to choose from, none tells nothing."""

from typing import Any

import pytest

from bot.errors import InputError, PermissionDenied
from bot.features import OPERATIONS
from bot.features.forms.key_command import KeyCommand, row_id
from bot.gateway.models import Key
from bot.permissions import Actor
from bot.slack.delivery import Delivery, Kind
from tests.approvals.kit import BEN, SAM
from tests.features.desk import ListenerDesk, button

DISABLE = OPERATIONS["key.disable"].description


def command(desk: ListenerDesk) -> KeyCommand:
    async def build(_delivery: Delivery, _actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        return {"opened": key.name, "rest": rest}

    return KeyCommand(desk.deps, DISABLE, build)


async def test_a_name_or_a_number_opens_the_form_with_what_is_left_of_the_command(
    listener_desk: ListenerDesk,
) -> None:
    key = await listener_desk.owned()
    for text in ("search at once", f"{key.id} at once"):
        await command(listener_desk).by_text(listener_desk.delivery(text=text))
        window = await listener_desk.window()
        assert "'opened': 'search'" in window
        assert "'rest': 'at once'" in window


async def test_several_keys_of_one_name_are_shown_to_choose_from(listener_desk: ListenerDesk) -> None:
    first, second = await listener_desk.owned(), await listener_desk.owned()
    await command(listener_desk).by_text(listener_desk.delivery(text="search"))
    window = await listener_desk.window()
    assert "2 keys may be meant" in window
    for key in (first, second):
        assert f"Choose key {key.id}" in window


async def test_a_key_of_somebody_else_is_not_there_and_security_sees_it(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned()
    await command(listener_desk).by_text(listener_desk.delivery(BEN.slack_user_id, text="search"))
    assert "'opened'" not in await listener_desk.window()
    await command(listener_desk).by_text(listener_desk.delivery(SAM.slack_user_id, text="search"))
    assert "'opened': 'search'" in await listener_desk.window()


async def test_without_a_key_the_command_says_what_to_add(listener_desk: ListenerDesk) -> None:
    with pytest.raises(InputError, match="Which key"):
        await command(listener_desk).by_text(listener_desk.delivery(text="  "))


async def test_whoever_may_not_at_all_is_told_before_anything_is_read(listener_desk: ListenerDesk) -> None:
    with pytest.raises(PermissionDenied):
        await command(listener_desk).by_text(listener_desk.delivery("U0NOBODY", text="search"))
    assert (listener_desk.gateway.requests, listener_desk.web.calls) == ([], [])


async def test_a_button_names_a_key_by_its_number_alone(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned()
    await command(listener_desk).by_button(listener_desk.delivery(kind=Kind.ACTION, payload=button(str(key.id))))
    assert "'opened': 'search'" in await listener_desk.window()


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("", 0), ("-1", 0), ("1e3", 0), ("٣", 0), ("9" * 19, 0), ("search", 0)]
)
def test_what_is_no_number_is_a_row_that_does_not_exist(text: str, number: int) -> None:
    assert row_id(text) == number
