"""`/apikey list` and `/apikey show KEY`. Reads only: permission is checked, no row is needed."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from bot.approvals import store
from bot.approvals.cards.lock_notices import locked_text, locked_texts
from bot.deps import BACKGROUND_SECONDS, LISTENER_SECONDS, Deps
from bot.features.forms.key_command import register_key_command
from bot.features.key_list.list_views import PAGING, ROWS, KeyList
from bot.features.key_list.typed_query import ListRequest, parse
from bot.features.key_list.views import LIST, LISTED, SHOWN, key_window
from bot.features.lists.gateway_notes import gateway_notes
from bot.features.lists.key_pages import just_read, key_page
from bot.gateway.models import Key
from bot.gateway.numbers import gateway_of
from bot.keys import locks, owners
from bot.keys.lookup import refuse_value
from bot.keys.text import account_trouble
from bot.languages import tr
from bot.permissions.models import Actor
from bot.slack.delivery import Ack, Delivery, Ephemeral, Kind
from bot.slack.new_blocks import NewBlocks
from bot.slack.router import Router
from bot.slack.tables import ROWS as TABLE_ROWS


@dataclass(frozen=True)
class KeyListListeners:
    """Everything Slack can send about looking at keys."""

    deps: Deps

    async def list_keys(self, delivery: Delivery) -> Ack:
        """Show the keys that were asked for; when the gateway is slow, say so now and send the list afterwards.

        Raises InputError, PermissionDenied (recorded).
        """
        actor = await self.deps.actor(delivery)
        await self.deps.flow.admit(actor, LIST)
        everybody = await self._scope(actor, delivery.channel_id)
        asked = await self._asked(delivery, actor, everybody=everybody)
        looking = asyncio.ensure_future(self._found(asked, everybody=everybody))
        await asyncio.wait({looking}, timeout=self.deps.left(delivery))
        if looking.done() and not self._is_table(looking.result()):
            return replace(Ephemeral.of(looking.result().message()), in_place=_in_own_message(delivery))

        async def tell_later() -> None:
            await self._tell(delivery, await looking, asked)

        delivery.responder.later(tell_later(), delivery=delivery)
        return None if looking.done() else Ephemeral(tr("The gateway takes its time; the list follows in a moment."))

    async def _tell(self, delivery: Delivery, found: KeyList, asked: ListRequest) -> None:
        in_place = _in_own_message(delivery)
        if self._is_table(found):
            if await self._tables.tell(delivery, found.table(), in_place=in_place):
                return
            found = await self._found(asked, everybody=found.everybody)
        message = found.message()
        await delivery.responder.tell(delivery, message.text, message.blocks, in_place=in_place)

    @property
    def _tables(self) -> NewBlocks:
        return NewBlocks(kind="tables", database=self.deps.database, clock=self.deps.clock)

    @staticmethod
    def _is_table(found: KeyList) -> bool:
        return found.rows == TABLE_ROWS and found.page.total > ROWS

    async def _asked(self, delivery: Delivery, actor: Actor, *, everybody: bool) -> ListRequest:
        """What was typed, or what the button or the menu of a list holds; without the right only one's own keys."""
        text = delivery.text if delivery.kind is Kind.COMMAND else delivery.action_value
        refuse_value(text)
        asked = parse(text, me=actor.slack_user_id)
        if everybody:
            return asked
        if asked.query.owner not in {None, actor.slack_user_id}:
            others = self.deps.access.decide_unread(actor, LIST, own=False, channel=delivery.channel_id)
            await self.deps.flow.refuse(actor, LIST, others)
        return replace(asked, query=replace(asked.query, owner=actor.slack_user_id))

    async def _scope(self, actor: Actor, channel: str) -> bool:
        """Whether this person sees everybody's keys. Raises PermissionDenied (recorded) when not even their own."""
        access = self.deps.access
        if access.decide_unread(actor, LIST, own=False, channel=channel).allowed:
            return True
        own = access.decide_unread(actor, LIST, own=True, channel=channel)
        if not own.allowed:
            await self.deps.flow.refuse(actor, LIST, own)
        return False

    async def _found(self, asked: ListRequest, *, everybody: bool) -> KeyList:
        """The page that was asked for: of a table, where the workspace takes tables and there are many keys."""
        deps, query = self.deps, asked.query
        rows = TABLE_ROWS if await self._tables.taken() else ROWS
        found = await key_page(deps, query, number=asked.page, rows=rows, deadline=BACKGROUND_SECONDS)
        if found is None:
            # Says why the gateway does not tell, if it still does not.
            keys = await deps.reader.list_keys(deadline=LISTENER_SECONDS)
            found = await just_read(deps, keys, owner=query.owner, number=asked.page, rows=rows)
        locked = await deps.database.read(locks.all_locks)
        refilled = await deps.refilled([int(known.key.id) for known in found.keys])
        alike = await deps.known.alike(query.text, owner=query.owner) if query.text and not found.keys else []
        return KeyList(
            page=found,
            query=query,
            everybody=everybody,
            rows=rows,
            locked=locked_texts(locked, policy=deps.policy()),
            refilled=refilled,
            now=deps.reader.server_now,
            asked_at=deps.clock(),
            dollars=deps.dollars,
            trouble=gateway_notes(deps),
            alike=alike,
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
        gateway = gateway_of(key.id)
        known = deps.inventory.known_account(gateway)
        account = known or await deps.inventory.account(deadline=LISTENER_SECONDS, gateway=gateway)
        return key_window(
            key,
            owner=owner,
            mine=mine,
            requests=await deps.database.read(store.of_key, key.id, limit=5),
            words=words,
            locked="" if lock is None else locked_text(lock, policy=deps.policy()),
            refilled=(await deps.refilled([int(key.id)])).get(int(key.id), ""),
            now=deps.reader.server_now(key.id),
            units_per_usd=deps.dollars.of(key.id),
            channel=channel,
            trouble=account_trouble(account, key, now=deps.reader.server_now(key.id)),
        )


def _in_own_message(delivery: Delivery) -> bool:
    """Whether this was asked for in a list, which only this person sees; `my_keys` stands in other messages too."""
    return delivery.kind is Kind.ACTION and delivery.action_id in PAGING


def register(router: Router, deps: Deps) -> None:
    """Name both commands, and the help page's button."""
    listeners = KeyListListeners(deps)
    router.command(LISTED.command, listeners.list_keys, usage=LISTED.usage, help=LISTED.help)
    for action_id in ("my_keys", *PAGING):
        router.action(action_id, listeners.list_keys)
    register_key_command(router, deps, SHOWN, listeners.show)
