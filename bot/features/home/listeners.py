"""Draws the Home when it is opened, and again on request. Reads only."""

import asyncio
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.calls import be_quiet, is_quiet
from bot.approvals.cards.lock_notices import locked_texts
from bot.approvals.models import ApprovalRequest
from bot.care import store as care_store
from bot.care.messages import DISABLE_NOW, ENABLE_AGAIN, KEEP, MINE
from bot.care.open_notices import open_notices
from bot.deps import BACKGROUND_SECONDS, LISTENER_SECONDS, Deps
from bot.errors import ApprovalConflict
from bot.features.home.language import ACTION, LanguageListener, language_block
from bot.features.home.views import APPROVE, build_home, cut, decidable_rows, more_asked, nothing_here
from bot.features.lists.gateway_notes import named_gateway, silent_notes
from bot.features.lists.key_pages import key_page
from bot.features.lists.key_rows import row as key_row
from bot.features.lists.request_rows import decidable, reviewable
from bot.features.lists.request_rows import row as request_row
from bot.gateway.models import GatewayAccount, Key, OverPromise, over_promise
from bot.gateway.numbers import block_of, first_of, gateway_of
from bot.keys import locks, owners
from bot.keys.budget_text import budget_line
from bot.keys.key_query import KeyQuery
from bot.keys.known_keys import KeyPage
from bot.keys.text import account_text, account_trouble, over_promise_text
from bot.languages import tr, trn
from bot.permissions.models import Actor, ActorKind, Ask
from bot.permissions.policy import decide
from bot.slack.blocks import Block, code, escape, section
from bot.slack.delivery import Ack, Delivery
from bot.slack.router import Router

_KEYS, _REQUESTS, _WAITING = 10, 8, 10
# Keys of one person that are looked at for what needs care.
_LOOKED_AT = 200
# Whoever may do one of these to any key sees what the account behind them has.
_OVERSEEING = ("key.list", "audit.read")


@dataclass(frozen=True)
class HomeListeners:
    """The event and the Refresh button."""

    deps: Deps

    async def opened(self, delivery: Delivery) -> Ack:
        """Somebody opened the App Home."""
        if delivery.event.get("tab") == "home":
            delivery.responder.later(self.publish(delivery))
        return None

    async def refresh(self, delivery: Delivery) -> Ack:
        """The Refresh button was clicked: draw the Home again."""
        delivery.responder.later(self.publish(delivery), delivery=delivery)
        return None

    async def quiet(self, delivery: Delivery) -> Ack:
        """The switch: no direct messages about requests, or again."""
        person = delivery.user_id

        def turn(c: sa.Connection) -> None:
            be_quiet(c, person, not is_quiet(c, person))

        await self.deps.database.run(turn)
        delivery.responder.later(self.publish(delivery), delivery=delivery)
        return None

    async def answered(self, delivery: Delivery) -> None:
        """A question about a key was answered: it goes from the Home where that was done."""
        if delivery.view is not None:
            delivery.responder.later(self.publish(delivery), delivery=delivery)

    async def approve(self, delivery: Delivery) -> Ack:
        """*Approve* beside a request: one click, judged like the one on its card."""
        deps, text = self.deps, delivery.action_value
        known = text.isascii() and text.isdigit() and len(text) < 10
        request = await deps.database.read(store.find, int(text)) if known else None
        if request is None:
            raise ApprovalConflict(tr("There is no such request any more."))
        approver, requester = await asyncio.gather(
            deps.actor(delivery, fresh=True), deps.directory.actor(request.requester_id, request.requester_team)
        )
        await deps.actions.approve(request.id, approver, requester)
        delivery.responder.later(self.publish(delivery), delivery=delivery)
        return None

    async def publish(self, delivery: Delivery) -> None:
        """Draw the Home of whoever did this, in the language of the moment."""
        await delivery.responder.publish_home(delivery.user_id, await self._draw(delivery))

    async def _draw(self, delivery: Delivery) -> dict[str, Any]:
        deps = self.deps
        actor = await deps.actor(delivery)
        if actor.kind is not ActorKind.MEMBER:
            return nothing_here(tr("API keys are for full members of this workspace."))
        page, requests, waiting, reviews, alerts, key_reviews = await asyncio.gather(
            self._keys(actor),
            deps.database.read(store.of_requester, actor.slack_user_id),
            decidable(deps, actor),
            reviewable(deps, actor),
            deps.open_alerts(actor),
            deps.open_reviews(actor),
        )
        mine = [] if page is None else [known.key for known in page.keys]
        low = await deps.database.read(care_store.low, [int(key.id) for key in mine])
        told = await deps.database.read(open_notices, actor.slack_user_id)
        locked = locked_texts(await deps.database.read(locks.all_locks), policy=deps.policy())
        keys = [
            key_row(
                key,
                now=deps.reader.server_now(key.id),
                owner=None,
                units_per_usd=deps.dollars.of(key.id),
                locked=locked.get(key.id, ""),
            )
            for key in mine
        ]
        if page is None:
            keys = [section(await self._not_shown(actor))]
        troubles, account = await self._account(actor, mine)
        return build_home(
            alerts=alerts,
            waiting=[*key_reviews, *self._waiting(waiting)],
            reviews=cut(self._rows(reviews, decidable=True), _WAITING, code("/apikey requests")),
            keys=cut(keys, _KEYS, code("/apikey list"), total=None if page is None else page.total),
            keys_as_of=None if page is None else page.as_of,
            requests=cut(self._rows(requests, decidable=False), _REQUESTS, code("/apikey requests")),
            care=[*await self._troubles(actor), *troubles],
            questions=told.and_more(mine, low, deps.reader.server_now).rows(
                dollars=deps.dollars, asked=more_asked(requests)
            ),
            account=account,
            budgets=[
                budget_line(one, units_per_usd=deps.dollars.usual)
                for one in await deps.counts.budgets.of(actor.slack_user_id)
            ],
            quiet=await deps.database.read(is_quiet, actor.slack_user_id) if self._decides(actor) else None,
            language=language_block(await deps.languages.chosen(actor.slack_user_id)),
            now=deps.clock(),
        )

    def _decides(self, actor: Actor) -> bool:
        """Whether some rule lets this person decide requests."""
        policy = self.deps.policy()
        stages = (stage for rule in policy.rules if rule.approval for stage in rule.approval.stages)
        names = {role for stage in stages for role in stage.roles}
        return not names.isdisjoint(policy.roles.held(actor))

    def _waiting(self, requests: list[ApprovalRequest]) -> list[Block]:
        """The first of them, each with *Approve* and *Review*."""
        shown, operations = requests[:_WAITING], self.deps.operations
        rows = [block for request in shown for block in decidable_rows(request, operations[request.operation])]
        return cut(rows, len(rows), code("/apikey requests"), total=len(rows) + len(requests) - len(shown))

    def _rows(self, requests: list[ApprovalRequest], *, decidable: bool) -> list[Block]:
        """`decidable`: somebody else's, for this person to answer; else their own."""
        operations = self.deps.operations
        return [request_row(r, operations[r.operation], mine=not decidable, decidable=decidable) for r in requests]

    async def _troubles(self, actor: Actor) -> list[str]:
        """What hinders Keydesk as a whole, for those who may read the whole record: they are who mends it."""
        administers = decide(self.deps.policy(), Ask(actor=actor, operation="audit.read", own=False)).allowed
        return [escape(problem) for problem in await self.deps.problems()] if administers else []

    async def _account(self, actor: Actor, mine: list[Key]) -> tuple[list[str], str]:
        """What the account behind the keys lacks, for owners of keys that work and for those who oversee keys; and
        what it has, for the latter: who sees all keys, decides requests or reads the whole record.
        """
        deps = self.deps
        seen = (decide(deps.policy(), Ask(actor=actor, operation=name, own=False)).allowed for name in _OVERSEEING)
        oversees = self._decides(actor) or any(seen)
        if not mine and not oversees:
            return [], ""
        troubles, texts = silent_notes(deps), list[str]()
        for client in deps.reader.each:
            gateway, block = gateway_of(first_of(client.numbers.block)), client.numbers.block
            units, now = deps.dollars.in_block(block), client.server_now()
            account = await deps.inventory.account(deadline=LISTENER_SECONDS, gateway=gateway)
            if account is None:
                texts.append(named_gateway(gateway, tr("The gateway does not tell its account's balance.")))
                continue
            here = [key for key in mine if block_of(key.id) == block]
            lacks = [text for key in here if (text := account_trouble(account, key, now=now))][:1]
            promise = await self._promise(account, now, block) if oversees else None
            if promise is not None:
                lacks += [missing] if (missing := over_promise_text(promise, units_per_usd=units)) else []
                texts.append(named_gateway(gateway, account_text(promise, units_per_usd=units)))
            troubles += [named_gateway(gateway, text) for text in lacks]
        return troubles, "\n".join(texts) if oversees else ""

    async def _promise(self, account: GatewayAccount, now: float, block: int) -> OverPromise:
        """What all keys of an account may still spend beside what it has."""
        known = await self.deps.known.promise(now=now, block=block)
        if known is None:
            keys = await self.deps.inventory.keys(deadline=LISTENER_SECONDS) or []
            return over_promise([key for key in keys if block_of(key.id) == block], account, now=now)
        return OverPromise(promised=known.units, balance=account.quota, unlimited=known.unlimited)

    async def _keys(self, actor: Actor) -> KeyPage | None:
        """None when the gateway does not tell: that is not the same as having no keys."""
        return await key_page(
            self.deps,
            KeyQuery(owner=actor.slack_user_id),
            number=1,
            rows=_LOOKED_AT,
            deadline=BACKGROUND_SECONDS,
        )

    async def _not_shown(self, actor: Actor) -> str:
        owned = await self.deps.database.read(owners.owned_by, actor.slack_user_id)
        return trn(
            "The gateway does not answer now, so your key is not shown.",
            "The gateway does not answer now, so your keys ({count}) are not shown.",
            len(owned),
        )


def register(router: Router, deps: Deps) -> None:
    """Name the event and the button."""
    listeners = HomeListeners(deps)
    router.event("app_home_opened", listeners.opened)
    router.action("home.refresh", listeners.refresh)
    router.action("home.quiet", listeners.quiet)
    router.action(APPROVE, listeners.approve)
    for button in (KEEP, ENABLE_AGAIN, DISABLE_NOW, MINE):
        router.follow(button, listeners.answered)
    router.action(ACTION, lambda delivery: LanguageListener(deps.languages, listeners.publish).choose(delivery))
