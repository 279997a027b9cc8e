"""The Reveal buttons: check the owner and the policy, open a window at once, then fetch and show the value."""

from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import SecretStr

from bot.approvals import store
from bot.audit import Fact, append
from bot.deps import BACKGROUND_SECONDS, Deps
from bot.errors import PermissionDenied
from bot.features.forms.key_command import loading, row_id
from bot.features.key_reveal.views import NAME, build_modal
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import gateway_of
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.keys.text import account_trouble
from bot.languages import tr
from bot.permissions.models import Actor
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router


@dataclass(frozen=True)
class KeyRevealListeners:
    """Both buttons: the value of `reveal` is the id of a request, that of `key.reveal` the id of a key."""

    deps: Deps

    async def by_request(self, delivery: Delivery) -> Ack:
        """The button on the result of a request. Raises PermissionDenied."""
        request = await self.deps.database.read(store.find, row_id(delivery.action_value))
        key_id = None if request is None or request.outcome is None else request.outcome.key_id
        return await self._reveal(delivery, key_id)

    async def by_key(self, delivery: Delivery) -> Ack:
        """The button in a list or on the Home. Raises PermissionDenied."""
        return await self._reveal(delivery, row_id(delivery.action_value))

    async def _reveal(self, delivery: Delivery, key_id: int | None) -> Ack:
        deps = self.deps
        actor = await deps.actor(delivery, fresh=True)
        owned = None if key_id is None else await deps.database.read(_owned, key_id)
        channel = delivery.channel_id
        await self._check(actor, owned, key_id, channel)
        if owned is None:
            return None

        async def work() -> dict[str, object]:
            # The number may belong to another key by now; only the creation time of the record shows that.
            shown = await deps.reader.get_key_value(KeyId(owned.key_id), deadline=BACKGROUND_SECONDS)
            if not await deps.access.is_own(actor, shown.key):
                await self._check(actor, None, owned.key_id, channel)
            await self._check(actor, owned, owned.key_id, channel, shown.key)
            value = shown.value or await deps.reader.reveal_masked(shown.key.id, deadline=BACKGROUND_SECONDS)
            times = await deps.database.run(self._count, actor, owned)
            return self._view(value, owned, times, shown.key)

        await delivery.responder.fill(delivery, loading(tr("API key")), work)
        return None

    async def _check(
        self, actor: Actor, owned: OwnedKey | None, key_id: int | None, channel: str, key: Key | None = None
    ) -> None:
        """Only the owner, and only while the policy lets owners look. A refusal is recorded. `key`: once it is read."""
        own = owned is not None and owned.owner_id == actor.slack_user_id and owned.owner_team == actor.team_id
        access = self.deps.access
        if key is None:
            decision = access.decide_unread(actor, NAME, own=own, channel=channel)
        else:
            decision = access.decide(actor, NAME, key, own=own, channel=channel)
        if own and decision.outcome == "allow":
            return
        if decision.outcome == "deny":
            await self.deps.flow.refuse(actor, NAME, decision, key_id=key_id)
        await self.deps.database.run(
            append,
            fact=Fact.REFUSED,
            at=self.deps.clock(),
            actor=actor.slack_user_id,
            key_id=key_id,
            details={"operation": NAME, "rule": decision.rule, "why": "not the owner"},
        )
        raise PermissionDenied(tr("Only the owner of a key can see its value."), rule=decision.rule)

    def _count(self, c: sa.Connection, actor: Actor, owned: OwnedKey) -> int:
        times = owners.count_reveal(c, owned.key_id)
        append(
            c,
            fact=Fact.REVEALED,
            at=self.deps.clock(),
            actor=actor.slack_user_id,
            request_id=owned.request_id,
            key_id=owned.key_id,
            details={"times": times},
        )
        return times

    def _view(self, value: SecretStr, owned: OwnedKey, times: int, key: Key) -> dict[str, object]:
        deps = self.deps
        return build_modal(
            value,
            name=owned.name,
            key_id=owned.key_id,
            times=times,
            gateway_url=deps.address_of(key.id),
            trouble=account_trouble(
                deps.inventory.known_account(gateway_of(key.id)), key, now=deps.reader.server_now(key.id)
            ),
        )


def _owned(c: sa.Connection, key_id: int) -> OwnedKey | None:
    """The line of a key that somebody owns now."""
    return owners.find(c, key_id) if owners.owner_of(c, key_id) is not None else None


def register(router: Router, deps: Deps) -> None:
    """Name both buttons."""
    listeners = KeyRevealListeners(deps)
    router.action("reveal", listeners.by_request)
    router.action(NAME, listeners.by_key)
