"""Help is made from the table of commands, by groups of jobs and by what somebody may do."""

from typing import Any

import pytest

from bot.deps import Deps
from bot.features import FEATURES
from bot.features.help import listeners
from bot.features.help.listeners import GROUPS, HelpListeners, message
from bot.permissions import Actor, ActorKind
from bot.slack.delivery import Delivery, Ephemeral
from bot.slack.router import Router
from tests.features.desk import ListenerDesk
from tests.narrow import expect


async def _nothing(_delivery: Delivery) -> None:
    return None


def all_commands(deps: Deps) -> Router:
    router = Router()
    for register in FEATURES:
        register(router, deps)
    return router


async def asked(desk: ListenerDesk, user: str) -> Ephemeral:
    help_ = HelpListeners(all_commands(desk.deps), desk.deps)
    return expect(Ephemeral, await help_.answer(desk.delivery(user=user)))


def test_every_command_stands_in_it() -> None:
    router = Router()
    router.command("new", _nothing, usage="NAME", help="ask for a key")
    router.command("odd", _nothing, help="something else")
    text = str(message(router).blocks)
    for part in ("*Get a key", "`/apikey new NAME`", "ask for a key", "*Other*", "`/apikey odd`"):
        assert part in text
    assert "left out" not in text


def test_every_command_of_ours_has_a_group(listener_desk: ListenerDesk) -> None:
    words = set(all_commands(listener_desk.deps).words())
    grouped = {word for _, group in GROUPS for word in group}
    assert words - grouped == {"help"}


async def test_it_shows_what_this_person_may_do(listener_desk: ListenerDesk) -> None:
    engineer, security, stranger = [
        str((await asked(listener_desk, user)).blocks) for user in ("U0ADA", "U0SAM", "U0NOBODY")
    ]
    assert "/apikey new " in engineer
    assert "/apikey audit" not in engineer
    assert "/apikey audit" in security
    assert "/apikey new " not in stranger
    for text in (engineer, security, stranger):
        assert "/apikey help" in text
        assert "What the policy gives you no right to is left out." in text


async def test_it_is_drawn_once_for_each_set_of_roles(listener_desk: ListenerDesk, monkeypatch: Any) -> None:
    help_ = HelpListeners(all_commands(listener_desk.deps), listener_desk.deps)
    first, again = [await help_.answer(listener_desk.delivery()) for _ in range(2)]
    assert first is again
    monkeypatch.setattr(listeners, "_MOST", 1)
    assert await help_.answer(listener_desk.delivery(user="U0SAM")) is not first


@pytest.mark.parametrize("kind", [ActorKind.UNKNOWN, ActorKind.GUEST])
async def test_whoever_slack_does_not_tell_of_sees_everything(listener_desk: ListenerDesk, kind: ActorKind) -> None:
    class Silent:
        async def actor(self, slack_user_id: str, _team: str, *, fresh: bool = False) -> Actor:
            del fresh
            return Actor(slack_user_id=slack_user_id, kind=kind)

    directory: Any = Silent()
    object.__setattr__(listener_desk.deps, "directory", directory)
    answer = await asked(listener_desk, "U0ADA")
    assert ("/apikey audit" in str(answer.blocks)) is (kind is ActorKind.UNKNOWN)


async def test_who_somebody_is_is_asked_again_after_some_seconds(listener_desk: ListenerDesk, monkeypatch: Any) -> None:
    help_ = HelpListeners(all_commands(listener_desk.deps), listener_desk.deps)
    asked_about: list[str] = []
    real = Deps.actor

    async def noting(self: Deps, delivery: Delivery, *, fresh: bool = False) -> Actor:
        asked_about.append(delivery.user_id)
        return await real(self, delivery, fresh=fresh)

    monkeypatch.setattr(Deps, "actor", noting)
    for user in ("U0ADA", "U0ADA", "U0SAM"):
        await help_.answer(listener_desk.delivery(user=user))
    assert asked_about == ["U0ADA", "U0SAM"]
    monkeypatch.setattr(listeners, "FRESH_SECONDS", 0.0)
    await help_.answer(listener_desk.delivery(user="U0ADA"))
    assert asked_about == ["U0ADA", "U0SAM", "U0ADA"]
