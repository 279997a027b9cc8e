"""How the Home looks. A function of values; no clients."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.approvals.cards.change_lines import change_text
from bot.approvals.cards.views import mark_of
from bot.approvals.cards.waiting import until_text
from bot.approvals.models import WAITING, ApprovalRequest
from bot.keys.text import age_text
from bot.languages import said, tr, trc, trn
from bot.operations import Operation
from bot.slack.blocks import (
    Block,
    actions,
    bold_name,
    button,
    code,
    context,
    date,
    divider,
    header,
    home,
    mention,
    section,
)

_CARE, _ALERTS, _CHANGES = 10, 10, 4
APPROVE = "home.approve"
_QUIET = tr(
    ":no_bell: You get no direct messages about requests that wait for you. You can decide them all the same, and "
    "messages about your own keys and requests still come."
)


def cut(rows: Sequence[Block], most: int, where: str, *, total: int | None = None) -> list[Block]:
    """The first of them, and how many there are beside them and where. `total`: where `rows` are not all of them."""
    left = (len(rows) if total is None else total) - most
    return [*rows[:most], *([context(_left_out(left, where))] if left > 0 else [])]


def _left_out(left: int, where: str) -> str:
    return trn("… and {count} more: {where}", "… and {count} more: {where}", left, where=where)


def build_home(
    *,
    alerts: Sequence[Block] = (),
    waiting: Sequence[Block],
    reviews: Sequence[Block],
    keys: Sequence[Block],
    requests: Sequence[Block],
    care: Sequence[str],
    questions: Sequence[Sequence[Block]] = (),
    keys_as_of: float | None = None,
    quiet: bool | None,
    language: Block,
    account: str = "",
    budgets: Sequence[str] = (),
    now: float,
) -> dict[str, Any]:
    """Six groups; what must be acted on and what waits come first, because somebody else is waiting too.

    `questions`: what this person was told about keys and has not answered, each with its buttons.
    `account`: what the gateway's account has, for those who oversee keys; "" for everybody else.
    `budgets`: those of this person and of their roles.
    `quiet`: whether this person is sent no direct messages about what waits for them; None = nothing ever does.
    """
    buttons = [
        button(tr("Ask for a key"), "key.create", style="primary"),
        button(trc("button", "Refresh"), "home.refresh"),
    ]
    if quiet is not None:
        buttons.append(button(tr("Message me again") if quiet else tr("Don't message me"), "home.quiet"))
    blocks: list[Block] = [actions(*buttons)]
    if quiet:
        blocks.append(context(_QUIET))
    if alerts or waiting:
        leaks = cut(alerts, _ALERTS, tr("the security channel"))
        blocks += [header(tr("Waiting for you")), *leaks, *waiting, divider()]
    if care or questions:
        asked = [block for one in questions[:_CARE] for block in one]
        asked = cut(asked, len(asked), code("/apikey list"), total=len(asked) + len(questions[_CARE:]))
        lines = cut([section(f"• {line}") for line in care], _CARE, code("/apikey list"))
        blocks += [header(tr("Needs care")), *asked, *lines, divider()]
    if reviews:
        blocks += [header(tr("Done by break-glass, to be reviewed by you")), *reviews, divider()]
    blocks += [header(tr("Your keys")), *(keys or [section(tr("You have no keys yet."))]), divider()]
    blocks += [header(tr("Budgets")), *map(section, budgets), divider()] if budgets else []
    blocks += [header(tr("Your requests")), *(requests or [section(tr("You have not asked for anything yet."))])]
    if account:
        blocks += [divider(), header(tr("The gateway's account")), section(account)]
    blocks += [divider(), language]
    small: list[str] = [tr("As of {moment}", moment=date(now))]
    if keys_as_of is not None:
        small.append(tr("Keys: {age}", age=age_text(keys_as_of, now)))
    blocks.append(context(*small))
    return home(blocks)


def decidable_rows(request: ApprovalRequest, operation: Operation) -> list[Block]:
    """A request that waits: who asks for what, one click to approve it, and the way to everything about it."""
    value, number = str(request.id), request.number
    what = operation.asks(mention(request.requester_id), bold_name(request.key_name))
    asked = tr("asked {when}", when=date(request.asked_at))
    text = f"{mark_of(request)} *{number}* {what} · {asked}{until_text(request)}"
    told = " · ".join(f"{said(line.label)}: {change_text(line)}" for line in request.summary[:_CHANGES])
    approve = tr("Approve request {number}", number=number)
    buttons = actions(
        button(trc("button", "Approve"), APPROVE, value=value, style="primary", label=approve),
        button(
            trc("button: look at a request", "Review"),
            "look_at_request",
            value=value,
            label=tr("Review {number}", number=number),
        ),
    )
    return [section(f"{text}\n{told}" if told else text), buttons]


def more_asked(requests: Sequence[ApprovalRequest]) -> Mapping[int, str]:
    """Keys for which more quota was asked and nothing is decided yet, each with where that stands."""
    waiting = [one for one in requests if one.operation == "key.quota" and one.status in WAITING]
    return {
        one.key_id: tr("More was asked for: {request}.", request=f"*{one.number}*{until_text(one)}")
        for one in waiting
        if one.key_id is not None
    }


def nothing_here(sentence: str) -> dict[str, Any]:
    """The Home of somebody who may do nothing here."""
    return home([section(sentence)])
