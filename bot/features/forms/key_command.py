"""Commands that take a KEY: find it by id or exact name, show several matches to choose from, then open its form.

The form needs a fresh read, so a loading view opens at once and is filled in the background.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from bot.deps import BACKGROUND_SECONDS, Deps
from bot.errors import InputError, PermissionDenied
from bot.gateway.errors import KeyNotFound
from bot.gateway.models import Key, KeyId
from bot.keys import owners
from bot.keys.text import quota_text
from bot.logs import holds_key
from bot.permissions.models import Actor, Ask, Facts
from bot.permissions.policy import decide
from bot.slack.blocks import button, code, escape, isolate, modal, section
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router
from bot.units import format_moment

BuildForm = Callable[[Delivery, Actor, Key, str], Awaitable[dict[str, Any]]]
"""delivery, actor, the key freshly read, the rest of the command → the modal."""

_LARGEST_ID = 2**63 - 1


class Titled(Protocol):
    """What a key command needs of an operation: its name and the heading of its window."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...


def loading(title: str) -> dict[str, Any]:
    """What is shown while the gateway is asked."""
    return modal("loading", title, [section(":hourglass_flowing_sand: Asking the gateway…")], close="Cancel")


def split_key(text: str) -> tuple[str, str]:
    """`KEY REST` of a command; a name with spaces is put in quotation marks."""
    text = text.strip()
    if text[:1] in {'"', "“", "'"}:
        closing = {"“": "”"}.get(text[0], text[0])
        name, found, rest = text[1:].partition(closing)
        if found:
            return name, rest.strip()
    key, _, rest = text.partition(" ")
    return key, rest.strip()


def refuse_value(text: str) -> None:
    """Raise InputError when somebody pasted the value of a key: it is looked for nowhere and repeated nowhere."""
    if holds_key(text):
        raise InputError({"key": "That is the value of a key, not its name. Use its number or its exact name."})


async def find_keys(deps: Deps, text: str, *, deadline: float = BACKGROUND_SECONDS) -> list[Key]:
    """Every key that `text` names, by id or exact name, freshly read. Raises InputError when there is none.

    `103` is the key with that number and every key of that name; `#103` is the number alone.
    """
    refuse_value(text)
    number, only_number = text.removeprefix("#"), text.startswith("#")
    found: dict[KeyId, Key] = {}
    if number.isascii() and number.isdigit() and int(number) <= _LARGEST_ID:
        with contextlib.suppress(KeyNotFound):
            key = await deps.reader.get_key(KeyId(int(number)), deadline=deadline)
            found[key.id] = key
    if not (found and only_number):
        found |= {key.id: key for key in await deps.reader.find_keys(text, deadline=deadline)}
    if not found:
        message = f"There is no key {code(text)}. Use its number or its exact name; `/apikey list` shows yours."
        raise InputError({"key": message})
    return list(found.values())


def one_key(keys: list[Key], text: str) -> Key:
    """The one key that `text` names, for answers in words; several are shown to choose from, never guessed."""
    if len(keys) > 1:
        shown = ", ".join(f"{code(f'#{key.id}')} ({escape(key.name)}, {code(key.last_four)})" for key in keys[:10])
        raise InputError({"key": f"{len(keys)} keys are called {code(text)}. Say one of their numbers: {shown}."})
    return keys[0]


async def may_touch(deps: Deps, actor: Actor, operation: str, key: Key) -> bool:
    """Whether somebody may see this key in the window of `operation`: by a rule for it, or because they may look at it.

    A courtesy before the window opens; what is submitted is judged again, with all that was filled in.
    """
    own = await deps.database.read(owners.owner_of, key.id) == actor.slack_user_id
    if own and operation != "key.show":
        return True
    asks = (Ask(actor=actor, operation=name, own=own, facts=Facts()) for name in (operation, "key.show"))
    return any(decide(deps.policy(), ask).outcome != "deny" for ask in asks)


class KeyCommand:
    """`/apikey WORD KEY …` and every button with the operation's name: one way to one form."""

    def __init__(self, deps: Deps, operation: Titled, build: BuildForm) -> None:
        self._deps = deps
        self._operation = operation
        self._build = build

    async def by_text(self, delivery: Delivery) -> Ack:
        """The command."""
        word, rest = split_key(delivery.text)
        if not word:
            raise InputError({"key": "Which key? Add its number or exact name, for example `12` or `production`."})
        await self._open(delivery, word, rest)
        return None

    async def _named(self, word: str, rest: str) -> tuple[list[Key], str]:
        """The keys that a command names, and what is left of it. A name with spaces need not be quoted."""
        refuse_value(f"{word} {rest}")
        try:
            return await find_keys(self._deps, word), rest
        except InputError:
            if not rest:
                raise
        before, _, last = rest.rpartition(" ")
        for name, left in ((f"{word} {rest}", ""), *([(f"{word} {before}", last)] if before else [])):
            with contextlib.suppress(InputError):
                return await find_keys(self._deps, name), left
        hint = "A name with spaces is put in quotation marks; `/apikey list` shows your keys."
        raise InputError({"key": f"There is no key {code(word)}, and none {code(f'{word} {rest}')}. {hint}"})

    async def by_button(self, delivery: Delivery) -> Ack:
        """A button whose value is the key's id."""
        await self._open(delivery, f"#{delivery.action_value}", "")
        return None

    async def _open(self, delivery: Delivery, text: str, rest: str) -> None:
        actor = await self._deps.actor(delivery)
        await self._deps.flow.admit(actor, self._operation.name)

        async def work() -> dict[str, Any]:
            keys, left = await self._named(text, rest)
            seen = [key for key in keys if await may_touch(self._deps, actor, self._operation.name, key)]
            if not seen:
                await self._refuse(actor, keys[0])
            if len(seen) > 1:
                return self._chooser(seen)
            return await self._build(delivery, actor, seen[0], left)

        await delivery.responder.fill(delivery, loading(self._operation.title), work)

    async def _refuse(self, actor: Actor, key: Key) -> None:
        ask = Ask(actor=actor, operation=self._operation.name, own=False)
        decision = decide(self._deps.policy(), ask)
        if decision.outcome == "deny":
            await self._deps.flow.refuse(actor, self._operation.name, decision, key_id=key.id)
        raise PermissionDenied("This key belongs to somebody else.")

    def _chooser(self, keys: list[Key]) -> dict[str, Any]:
        blocks = [section(f"{len(keys)} keys have this name or number. Which one?")]
        for key in keys[:40]:
            quota = quota_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=self._deps.units_per_usd)
            facts = f"{quota} · expires {format_moment(key.expired_time)}"
            text = f"*{isolate(escape(key.name))}* · key {key.id} · {code(key.last_four)}\n{facts}"
            choose = button("Choose", self._operation.name, value=str(key.id), label=f"Choose key {key.id}")
            blocks.append(section(text, accessory=choose))
        return modal("choose", self._operation.title, blocks, close="Cancel")


def register_key_command(
    router: Router,
    deps: Deps,
    operation: Titled,
    build: BuildForm,
    *,
    word: str,
    usage: str,
    help: str,  # noqa: A002  # as the router calls it
) -> None:
    """Name the command and the button of one operation on an existing key."""
    command = KeyCommand(deps, operation, build)
    router.command(word, command.by_text, usage=usage, help=help)
    router.action(operation.name, command.by_button)
