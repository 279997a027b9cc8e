"""The way in to a new key: who gets the form, what is offered in it, and what a submission must hold."""

from typing import Any

import pytest

from bot.errors import InputError, PermissionDenied
from bot.features.key_create.listeners import KeyCreateListeners, register
from bot.slack.delivery import Kind, Options
from bot.slack.router import Router
from tests.features.desk import ListenerDesk
from tests.narrow import expect


def typed(**fields: str) -> dict[str, Any]:
    state = {name: {"value": {"value": text}} for name, text in fields.items()}
    return {"view": {"id": "V1", "state": {"values": state}}}


async def test_the_words_after_the_command_are_the_name(listener_desk: ListenerDesk) -> None:
    await KeyCreateListeners(listener_desk.deps).open_modal(listener_desk.delivery(text="ci runner"))
    assert "ci runner" in await listener_desk.window()
    assert listener_desk.web.methods == ["views.open"]


async def test_whoever_may_ask_for_nothing_gets_no_form(listener_desk: ListenerDesk) -> None:
    with pytest.raises(PermissionDenied):
        await KeyCreateListeners(listener_desk.deps).open_modal(listener_desk.delivery("U0NOBODY"))
    assert (listener_desk.web.calls, await listener_desk.spine.facts()) == ([], ["refused"])


async def test_a_form_that_lacks_something_is_refused_at_its_fields(listener_desk: ListenerDesk) -> None:
    delivery = listener_desk.delivery(kind=Kind.VIEW_SUBMISSION, payload=typed(name="", remain_quota="much"))
    with pytest.raises(InputError) as caught:
        await KeyCreateListeners(listener_desk.deps).submit(delivery)
    assert {"name", "remain_quota"} <= set(caught.value.fields)


async def test_models_and_groups_are_those_of_the_gateway(listener_desk: ListenerDesk) -> None:
    listeners = KeyCreateListeners(listener_desk.deps)
    models = await listeners.models(listener_desk.delivery(kind=Kind.OPTIONS, payload={"value": "gpt-4o"}))
    assert "gpt-4o" in str(expect(Options, models).options)
    groups = await listeners.groups(listener_desk.delivery(kind=Kind.OPTIONS, payload={"value": ""}))
    assert "The account's own group" in str(expect(Options, groups).options)


def test_every_way_in_is_named(listener_desk: ListenerDesk) -> None:
    router = Router()
    register(router, listener_desk.deps)
    assert router.names("command") == {"new"}
    assert router.names("shortcut") == {"new_key"}
    assert router.names("options") == {"model_limits", "group"}
    assert router.names("view") == router.names("modal_action") == {"key.create"}
