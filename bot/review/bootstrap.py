"""Makes everything that reviews need and names their buttons. Called once by services.py."""

import functools
from dataclasses import dataclass

from bot.approvals.granted import GrantedRequests
from bot.care.kind import CareKind
from bot.care.schedule import CareSchedule
from bot.deps import Deps
from bot.review.cards import drawers, home_rows
from bot.review.decisions import ReviewDecisions
from bot.review.listeners import ReviewListeners, register
from bot.review.notifications import ReviewNotifications
from bot.review.rounds import ReviewRounds
from bot.review.selection import Selection
from bot.slack.edge import Identity
from bot.slack.outbox import Outbox
from bot.slack.router import Router

__all__ = ["Reviews", "build", "drawers", "home_rows"]

# Seconds between two rounds: a review that is asked for on the command line begins within a minute.
PAUSE = 30.0


@dataclass(frozen=True, kw_only=True)
class Reviews:
    """The reviews of one process."""

    decisions: ReviewDecisions
    rounds: ReviewRounds
    schedule: CareSchedule


def build(
    deps: Deps,
    router: Router,
    *,
    identity: Identity,
    outbox: Outbox,
    granted: GrantedRequests,
    security_channel: str,
) -> Reviews:
    """Register the buttons; returns what makes the rounds. `security_channel`: for keys that security reviews."""
    notifications = ReviewNotifications(outbox=outbox, channel=deps.channel, security_channel=security_channel)
    decisions = ReviewDecisions(
        database=deps.database,
        flow=deps.flow,
        granted=granted,
        reader=deps.reader,
        operations=deps.operations,
        policy=deps.policy,
        notifications=notifications,
        bot_user_id=identity.bot_user_id,
        team_id=identity.team_id,
        clock=deps.clock,
    )
    selection = Selection(
        database=deps.database,
        policy=deps.policy,
        people=deps.directory.all_people,
        who_is=functools.partial(deps.directory.actor),
        dollars=deps.dollars,
        gateway_now=deps.reader.server_now,
    )
    rounds = ReviewRounds(
        database=deps.database,
        policy=deps.policy,
        selection=selection,
        decisions=decisions,
        notifications=notifications,
        clock=deps.clock,
        gateway_now=deps.reader.server_now,
    )
    register(router, ReviewListeners(deps=deps, decisions=decisions))
    kind = CareKind(name="review", round=rounds.run)
    return Reviews(decisions=decisions, rounds=rounds, schedule=CareSchedule(kinds=[kind], pause=PAUSE))
