"""Commands that take a KEY: find it by id or exact name, show several matches to choose from, then open its form.

The form needs a fresh read, so a loading view opens at once and is filled in the background.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.deps import BACKGROUND_SECONDS, Deps
from bot.errors import InputError
from bot.gateway.errors import GatewayCallError, GatewayRejected
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import Key
from bot.gateway.numbers import shown_number
from bot.keys.access import SHOW
from bot.keys.lookup import KeyLookup, Match
from bot.keys.text import lifetime_text, quota_text
from bot.languages import tr, trc, trn
from bot.operations import Description, Effect
from bot.permissions.models import Actor
from bot.slack.blocks import bold_name, button, code, dated, modal, section
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router
from bot.typed_text import clean_line

BuildForm = Callable[[Delivery, Actor, Key, str], Awaitable[dict[str, Any]]]
"""delivery, actor, the key freshly read, the rest of the command → the modal."""


Find = Callable[[KeyLookup, float], Awaitable[list[Match]]]
"""lookup, deadline in seconds → the keys that may be meant."""

CHOICE = "choose"
SHOWN_SECONDS = 60.0
"""A form that takes a key out of use may show the record as anybody read it so many seconds ago."""
READ_SECONDS = 6.0
"""So long the gateway is asked for a key that can be ordered out of use by what is remembered of it."""
UNREAD = tr(
    ":warning: The gateway cannot be asked now. This is the key as it was last read. "
    "Your order counts, and it is carried out as soon as the gateway answers."
)


def loading(title: str) -> dict[str, Any]:
    """What is shown while the gateway is asked."""
    return modal("loading", title, [section(tr(":hourglass_flowing_sand: Asking the gateway…"))])


def row_id(text: str) -> int:
    """The id in a button's value, which is looked up; 0, which no row has, when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def refuse_nothing(text: str) -> None:
    """Raise InputError where no KEY was typed."""
    if not clean_line(text):
        raise InputError({"key": tr("Which key? Add its number or exact name, for example `12` or `production`.")})


@dataclass(frozen=True)
class KeyCommand:
    """`/apikey WORD KEY …` and every button with the operation's name: one way to one form."""

    deps: Deps
    operation: Description
    build: BuildForm

    @property
    def _stops(self) -> bool:
        """A kill asks the gateway as little as possible; what is submitted is judged by a fresh record."""
        return self.operation.effect is Effect.STOPS

    @property
    def _lookup(self) -> KeyLookup:
        return replace(self.deps.lookup, within=SHOWN_SECONDS) if self._stops else self.deps.lookup

    async def by_text(self, delivery: Delivery) -> Ack:
        """The command: find the key that its text names and open the form. Raises InputError without a text."""
        text = delivery.text.strip()
        refuse_nothing(text)
        await self._open(delivery, text, lambda lookup, deadline: lookup.matches(text, deadline=deadline))
        return None

    async def by_name(self, delivery: Delivery, name: str, rest: str) -> Ack:
        """A command whose KEY is all of `name`; `rest` is what else the form is filled with."""

        async def find(lookup: KeyLookup, deadline: float) -> list[Match]:
            return [replace(match, rest=rest) for match in await lookup.whole(name, deadline=deadline)]

        await self._open(delivery, name, find)
        return None

    async def by_button(self, delivery: Delivery) -> Ack:
        """A button whose value is the key's number, and nothing else; in a window: from the window's channel."""
        if not delivery.channel_id and delivery.callback_id in {CHOICE, SHOW}:
            delivery = replace(delivery, channel_id=delivery.form_channel(delivery.private_metadata))
        return await self.by_number(delivery, row_id(delivery.action_value))

    async def by_number(self, delivery: Delivery, number: int) -> Ack:
        """The key is known by its number."""
        await self._open(delivery, str(number), lambda lookup, deadline: _numbered(lookup, number, deadline))
        return None

    async def _found(self, text: str, find: Find) -> tuple[list[Match], GatewayCallError | None]:
        """The keys that may be meant. With the error when they could not be read: then as they are remembered."""
        remembered = await self._lookup.remembered(text) if self.operation.unread else []
        try:
            with prioritized(Priority.KILL if self._stops else Priority.PEOPLE):
                return await find(self._lookup, READ_SECONDS if remembered else BACKGROUND_SECONDS), None
        except GatewayRejected:
            raise
        except GatewayCallError as error:
            return remembered, error

    async def _open(self, delivery: Delivery, text: str, find: Find) -> None:
        deps, operation = self.deps, self.operation.name
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, operation)

        async def work() -> dict[str, Any]:
            matches, unread = await self._found(text, find)
            seen = await deps.access.visible(actor, operation, matches, channel=delivery.channel_id)
            if not seen:
                if unread is not None:
                    raise unread
                if self._stops:  # what only memory knows is told to nobody: a key that is not there is read as well
                    await find(deps.lookup, BACKGROUND_SECONDS)
                await deps.access.turn_away(actor, operation, matches, text, channel=delivery.channel_id)
            if len(seen) > 1:
                return self._chooser([match.key for match in seen], delivery.channel_id)
            view = await self.build(delivery, actor, seen[0].key, seen[0].rest)
            return view if unread is None else {**view, "blocks": [section(UNREAD), *view["blocks"]]}

        await delivery.responder.fill(delivery, loading(self.operation.title), work)

    def _chooser(self, keys: list[Key], channel: str) -> dict[str, Any]:
        which = trn(
            "{count} key may be meant by this. Which one?", "{count} keys may be meant by this. Which one?", len(keys)
        )
        blocks = [section(which)]
        for key in keys[:40]:
            now, units = self.deps.reader.server_now(key.id), self.deps.dollars.of(key.id)
            quota = quota_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=units)
            number, lifetime = tr("key {number}", number=shown_number(key.id)), lifetime_text(key.expired_time, now=now)
            text = f"{bold_name(key.name)} · {number} · {code(key.last_four)}\n{quota} · {dated(lifetime)}"
            label = tr("Choose key {number}", number=shown_number(key.id))
            choose = button(trc("button", "Choose"), self.operation.name, value=str(key.id), label=label)
            blocks.append(section(text, accessory=choose))
        return modal(CHOICE, self.operation.title, blocks, private_metadata=channel)


async def _numbered(lookup: KeyLookup, number: int, deadline: float) -> list[Match]:
    key = await lookup.by_number(number, deadline=deadline)
    return [] if key is None else [Match(key)]


def register_key_command(router: Router, deps: Deps, described: Description, build: BuildForm) -> None:
    """Name the command and the button of one operation on an existing key."""
    command = KeyCommand(deps, described, build)
    router.command(described.command, command.by_text, usage=described.usage, help=described.help)
    router.action(described.name, command.by_button)
