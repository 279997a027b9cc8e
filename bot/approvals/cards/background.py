"""What whoever decides should know beside the wish: the asker's keys and spending, and how it ended last time."""

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import WAITING, WORDS, ApprovalRequest
from bot.gateway.dollars import Dollars
from bot.gateway.models import EffectiveState
from bot.keys import inventory_store, owners
from bot.keys.budget_text import left_text
from bot.keys.known_keys import spending_of
from bot.keys.spending import DAY
from bot.keys.spending_text import spent_text
from bot.languages import Sentence, tr, trn
from bot.operations import Effect, Operation
from bot.slack.blocks import Block, context, date, inert, mention
from bot.units import format_money

MONTH = 30 * DAY
# The line of a card that says how much is asked for.
_AMOUNTS = ("delta", "remain_quota")


def background_blocks(
    c: sa.Connection, request: ApprovalRequest, operation: Operation, *, now: float, dollars: Dollars
) -> list[Block]:
    """While it waits: what the key spent, what the asker has and spends, the last similar request."""
    if request.status not in WAITING:
        return []
    if not request.counted_for:
        return []  # for a role, of whose people each has their own
    lines: list[str] = []
    if request.key_id is not None and operation.effect is Effect.CHANGES:
        spent = spent_text(c, request.key_id, now=now, units_per_usd=dollars.of(request.key_id))
        lines += [f":bar_chart: {spent}"] if spent else []
    facts = request.judgement.facts
    added = None if operation.name == "key.allowance" else facts.increase
    units = dollars.at(request.gateway)
    lines += [f":ledger: {left_text(one, added, units_per_usd=units)}" for one in facts.budgets or ()]
    lines.append(f":bust_in_silhouette: {_person(c, request, now=now, dollars=dollars)}")
    last = store.last_similar(c, request)
    lines += [f":clock3: {_last_time(last)}"] if last is not None else []
    return [context(line) for line in lines]


def _person(c: sa.Connection, request: ApprovalRequest, *, now: float, dollars: Dollars) -> Sentence:
    who = request.counted_for
    ids = [one.key_id for one in owners.owned_by(c, who)]
    known = [one for one in inventory_store.several(c, ids).values() if one.gone_at is None]
    living = sum(one.key.state(now) is EffectiveState.ACTIVE for one in known)
    spent = dollars.together((key_id, one.last(MONTH, now=now)) for key_id, one in spending_of(c, ids, now).items())
    return trn(
        "{who} has {count} key in use and spent {amount} in 30 days.",
        "{who} has {count} keys in use and spent {amount} in 30 days.",
        living,
        who=mention(who),
        amount=format_money(spent, dollars.usual),
    )


def _last_time(last: ApprovalRequest) -> str:
    amount = next((line.after for name in _AMOUNTS for line in last.summary if line.field == name), "")
    number, when, state = last.number, date(last.asked_at), WORDS[last.status]
    if amount:
        return tr(
            "Last similar request {when} ({number}, {amount}): {status}.",
            when=when,
            number=number,
            amount=inert(amount),
            status=state,
        )
    return tr("Last similar request {when} ({number}): {status}.", when=when, number=number, status=state)
