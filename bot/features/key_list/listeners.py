"""`/apikey list` and `/apikey show KEY`. Reads only: permission is checked, no row is needed."""

import asyncio
from dataclasses import dataclass
from typing import Any

from bot.approvals import store
from bot.approvals.cards.lock_notices import locked_text, locked_texts
from bot.deps import BACKGROUND_SECONDS, LISTENER_SECONDS, Deps
from bot.errors import InputError
from bot.features.forms.key_command import register_key_command
from bot.features.key_list.views import LIST, LISTED, ROWS, SHOWN, key_list, key_window
from bot.features.lists.key_pages import just_read, key_page
from bot.gateway.models import Key
from bot.keys import locks, owners
from bot.keys.text import account_empty_text, account_trouble
from bot.languages import tr
from bot.permissions.models import Actor
from bot.slack.blocks import Message
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router
from bot.typed_text import clean_number


@dataclass(frozen=True)
class KeyListListeners:
    """Everything Slack can send about looking at keys."""

    deps: Deps

    async def list_keys(self, delivery: Delivery) -> Ack:
        """Show the keys; when the gateway is slow, say so now and send the list when it has answered. Raises
        InputError.
        """
        page = _page(delivery.text)
        actor = await self.deps.actor(delivery)
        await self.deps.flow.admit(actor, LIST)
        everybody = await self._scope(actor, delivery.channel_id)
        looking = asyncio.ensure_future(self._message(actor, everybody, page))
        await asyncio.wait({looking}, timeout=self.deps.left(delivery))
        if looking.done():
            return Ephemeral.of(looking.result())

        async def tell_later() -> None:
            message = await looking
            await delivery.responder.tell(delivery, message.text, message.blocks)

        delivery.responder.later(tell_later(), delivery=delivery)
        return Ephemeral(tr("The gateway takes its time; the list follows in a moment."))

    async def _scope(self, actor: Actor, channel: str) -> bool:
        """Whether this person sees everybody's keys. Raises PermissionDenied (recorded) when not even their own."""
        access = self.deps.access
        if access.decide_unread(actor, LIST, own=False, channel=channel).allowed:
            return True
        own = access.decide_unread(actor, LIST, own=True, channel=channel)
        if not own.allowed:
            await self.deps.flow.refuse(actor, LIST, own)
        return False

    async def _message(self, actor: Actor, everybody: bool, page: int) -> Message:  # the answer of _scope
        deps, owner = self.deps, None if everybody else actor.slack_user_id
        found = await key_page(deps, owner=owner, number=page, rows=ROWS, deadline=BACKGROUND_SECONDS)
        if found is None:
            # Says why the gateway does not tell, if it still does not.
            keys = await deps.reader.list_keys(deadline=LISTENER_SECONDS)
            found = await just_read(deps, keys, owner=owner, number=page, rows=ROWS)
        locked = await deps.database.read(locks.all_locks)
        return key_list(
            found,
            everybody=everybody,
            locked=locked_texts(locked, policy=deps.policy()),
            now=deps.reader.server_now(),
            asked_at=deps.clock(),
            units_per_usd=deps.units_per_usd,
            trouble=account_empty_text(deps.inventory.known_account()),
        )

    async def show(self, delivery: Delivery, actor: Actor, key: Key, rest: str) -> dict[str, Any]:
        """The window of one key that was just read."""
        del rest
        deps, channel = self.deps, delivery.channel_id
        owner = await deps.database.read(owners.owner_of, key.id, key.created_time)
        mine = owner == actor.slack_user_id
        lock = await deps.access.lock_of(key)
        words = [
            (one.name, one.button)
            for one in deps.operations.buttons
            if (mine or not one.owner_only)
            and one.owned in {None, owner is not None}
            and one.applies(key)
            and deps.access.decide(actor, one.name, key, own=mine, channel=channel, lock=lock).outcome != "deny"
        ]
        account = deps.inventory.known_account() or await deps.inventory.account(deadline=LISTENER_SECONDS)
        return key_window(
            key,
            owner=owner,
            mine=mine,
            requests=await deps.database.read(store.of_key, key.id, limit=5),
            words=words,
            locked="" if lock is None else locked_text(lock, policy=deps.policy()),
            now=deps.reader.server_now(),
            units_per_usd=deps.units_per_usd,
            channel=channel,
            trouble=account_trouble(account, key, now=deps.reader.server_now()),
        )


def _page(text: str) -> int:
    """Which page is asked for; one beyond the end is the last. Raises InputError."""
    number = clean_number(text) or "1"
    if not (number.isascii() and number.isdigit() and len(number) < 7 and int(number)):
        raise InputError({"page": tr("Say which page, such as `/apikey list 2`; `/apikey show KEY` shows one key.")})
    return int(number)


def register(router: Router, deps: Deps) -> None:
    """Name both commands, and the help page's button."""
    listeners = KeyListListeners(deps)
    router.command(LISTED.command, listeners.list_keys, usage=LISTED.usage, help=LISTED.help)
    router.action("my_keys", listeners.list_keys)
    register_key_command(router, deps, SHOWN, listeners.show)
