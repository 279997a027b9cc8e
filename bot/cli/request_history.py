"""`policy replay`: past requests out of the rows, with the people's roles. Knows no argparse."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TextIO

import sqlalchemy as sa

from bot.approvals.models import Judgement
from bot.cli.lookups import find_people
from bot.db.tables import requests
from bot.permissions.hypothetical import hypothetical_actor
from bot.permissions.models import Actor, ActorKind, Ask
from bot.permissions.replay import PastRequest
from bot.permissions.roles import is_group
from bot.permissions.rules import Policy
from bot.settings import PartialSettings


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is needed of one row of `requests`."""

    id: int
    asked_at: float
    operation: str
    requester_id: str
    judgement: Judgement


def read_rows(c: sa.Connection) -> list[Row]:
    """Every request, oldest first. Refusals are not among them: they never became requests."""
    columns = (
        requests.c.id,
        requests.c.asked_at,
        requests.c.operation,
        requests.c.requester_id,
        requests.c.decision.label("judgement"),
    )
    found = c.execute(sa.select(*columns).order_by(requests.c.id)).mappings()
    return [Row(**{**row, "judgement": Judgement.model_validate(row["judgement"])}) for row in found]


def past_requests(rows: Iterable[Row], people: Mapping[str, Actor], policies: Sequence[Policy]) -> list[PastRequest]:
    """The rows as the replay takes them. Whom `people` lacks gets the roles of the rule that decided then."""
    return [
        PastRequest(
            id=row.id,
            at=row.asked_at,
            ask=Ask(
                actor=people.get(row.requester_id) or _as_then(row, policies),
                operation=row.operation,
                own=row.judgement.own,
                facts=row.judgement.facts,
            ),
            outcome=row.judgement.decision.outcome,
            rule=row.judgement.decision.rule,
        )
        for row in rows
    ]


def _as_then(row: Row, policies: Sequence[Policy]) -> Actor:
    for policy in policies:
        for rule in policy.rules:
            if rule.name == row.judgement.decision.rule:
                names = [name for name in rule.who if name in policy.roles.members or is_group(name)]
                return replace(hypothetical_actor(policy, [*names, row.requester_id]), name="")
    return Actor(slack_user_id=row.requester_id)


def members_now(
    partial: PartialSettings | None, policy: Policy, rows: Iterable[Row], *, out: TextIO
) -> dict[str, Actor]:
    """The requesters who are full members in Slack now, with their groups; says what was done. None: Slack not set."""
    users = sorted({row.requester_id for row in rows})
    people = find_people(partial, policy, users, out) if partial is not None and users else {}
    members = {user: actor for user, actor in people.items() if actor.kind is ActorKind.MEMBER}
    if users:
        others = len(users) - len(members)
        out.write(
            f"People with the roles that Slack shows now: {len(members)}; that the rule of the time names: {others}.\n"
        )
    return members
