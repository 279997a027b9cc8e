"""One key of a review as people see it: why it is on the list, what was decided, and the buttons. Pure."""

from collections.abc import Mapping

from bot.approvals.models import ApprovalRequest, Status
from bot.gateway.numbers import shown_number
from bot.languages import joined, said, tr, trc, trn
from bot.review.models import DAY, UNDO_SECONDS, Reason, ReviewedKey, Verdict, WhyLeft
from bot.slack.blocks import Block, actions, bold_name, button, confirm, date, harmless, mention, plain_name, section
from bot.units import format_money

KEEP, SHRINK, DISABLE, UNDO = "review.keep", "review.shrink", "review.disable", "review.undo"
Requests = Mapping[int, ApprovalRequest]
"""Requests of reviewed keys by their numbers."""

_DAY_ONLY = "{date_short}"
_REASONS = {
    Reason.WITHOUT_OWNER: trc("why a key is reviewed", "nobody owns it"),
    Reason.UNLIMITED: trc("why a key is reviewed", "no quota limit"),
    Reason.NEVER_EXPIRES: trc("why a key is reviewed", "never expires"),
    Reason.NEVER_BILLED: trc("why a key is reviewed", "never billed"),
}
_DEPARTURES = {
    WhyLeft.GONE: tr("It left the list: the key was deleted."),
    WhyLeft.OUT_OF_USE: tr("It left the list: the key no longer works."),
    WhyLeft.OTHER_OWNER: tr("It left the list: the key has another owner now."),
    WhyLeft.NOBODY: tr("It is not reviewed: nobody but its owner may decide."),
    WhyLeft.FAILED: tr("It left the list: the key could not be disabled. Somebody must look."),
}

# What was decided, and whether it is done at the gateway.
_STANDING = {
    (Verdict.KEEP, True): tr(":white_check_mark: Kept by {who}."),
    (Verdict.SHRINK, True): tr(":white_check_mark: Shrunk to {amount} by {who}."),
    (Verdict.SHRINK, False): tr(":hourglass_flowing_sand: {who} shrinks it to {amount}; not done yet."),
    (Verdict.DISABLE, True): tr(":no_entry: Disabled by {who}."),
    (Verdict.DISABLE, False): tr(":hourglass_flowing_sand: {who} disables it; not done yet."),
    (Verdict.SILENCE, True): tr(":no_entry: Disabled, because nobody decided."),
    (Verdict.SILENCE, False): tr(":hourglass_flowing_sand: Nobody decided, so it is being disabled."),
}
_UNDONE = {
    True: tr(":leftwards_arrow_with_hook: Disabled, then undone by {who}: the key works again."),
    False: tr(":hourglass_flowing_sand: {who} undoes it; the key is being enabled."),
}


def key_blocks(
    row: ReviewedKey, requests: Requests, *, now: float, units_per_usd: int, viewer: str = ""
) -> list[Block]:
    """The key, then its buttons. `viewer`: whoever looks, where only one person does; the own key has no buttons."""
    number = tr("key {number}", number=shown_number(row.key_id))
    owner = f" · {mention(row.owner_id)}" if row.owner_id else ""
    lines = [f"{bold_name(row.name)} · {number}{owner}", _why(row, units_per_usd=units_per_usd)]
    own = bool(viewer) and viewer == row.owner_id
    lines += [text for text in (standing_text(row, requests, units_per_usd=units_per_usd), _own(row, own=own)) if text]
    buttons = [] if own else _buttons(row, now=now, units_per_usd=units_per_usd)
    return [section("\n".join(lines)), *([actions(*buttons)] if buttons else [])]


def _own(row: ReviewedKey, *, own: bool) -> str:
    return tr("This is your own key, so somebody else decides.") if own and row.verdict is Verdict.OPEN else ""


def _why(row: ReviewedKey, *, units_per_usd: int) -> str:
    spent = _money(row.spent, units_per_usd)
    if Reason.UNLIMITED in row.reasons:
        money = trc("of a key", "{spent} spent in 90 days", spent=spent)
    else:
        left = _money(row.snapshot["remain_quota"], units_per_usd)
        money = trc("of a key", "{left} left, {spent} spent in 90 days", left=left, spent=spent)
    reasons = [
        _idle(row) if reason is Reason.IDLE else said(_REASONS[reason])
        for reason in row.reasons
        if reason is not Reason.OVER_GRANTED
    ]
    return " · ".join([*reasons, money])


def _money(units: int, units_per_usd: int) -> str:
    """`$3`, `$3.50`: short, so that a row of buttons fits on a phone."""
    return format_money(units, units_per_usd).removesuffix(".00")


def _idle(row: ReviewedKey) -> str:
    when = date(row.snapshot["last_billed"] or row.born_at, style=_DAY_ONLY)
    return trc("why a key is reviewed", "last billed {when}", when=when)


def standing_text(row: ReviewedKey, requests: Requests, *, units_per_usd: int) -> str:
    """What was decided and how far that is; "" while nobody did."""
    if row.verdict is Verdict.OPEN:
        return _failed(requests.get(row.request_id or 0))
    if row.verdict is Verdict.LEFT:
        return f":information_source: {said(_DEPARTURES[row.departure or WhyLeft.GONE])}"
    if row.undone_by is not None:
        return _UNDONE[row.undone_at is not None].filled(who=mention(row.undone_by))
    request = requests.get(row.request_id or 0)
    if row.is_moving and request is not None and request.outcome is not None and request.outcome.by_hand:
        why = harmless(request.outcome.sentence)
        return tr(
            ":question: Request {number}: it is not known whether that was done. {why}",
            number=request.number,
            why=why,
        )
    amount = _money(row.target or 0, units_per_usd)
    who = mention(row.decided_by or "")
    return _STANDING[row.verdict, row.settled_at is not None].filled(who=who, amount=amount)


def _failed(request: ApprovalRequest | None) -> str:
    if request is None or request.status is not Status.FAILED or request.outcome is None:
        return ""
    return tr(":x: That did not work: {why} Please decide again.", why=harmless(request.outcome.sentence))


def _buttons(row: ReviewedKey, *, now: float, units_per_usd: int) -> list[Block]:
    value, name = str(row.id), plain_name(row.name)
    if row.can_be_undone(now):
        label = tr("Undo: enable key {number}", number=shown_number(row.key_id))
        return [button(trc("button: take a disable back", "Undo"), UNDO, value=value, label=label)]
    if row.verdict is not Verdict.OPEN:
        return []
    keep = button(
        trc("button", "Keep"), KEEP, value=value, label=tr("Keep key {number}", number=shown_number(row.key_id))
    )
    disable = button(
        trc("button", "Disable"),
        DISABLE,
        value=value,
        style="danger",
        label=tr("Disable key {number}", number=shown_number(row.key_id)),
        confirm=confirm(
            tr("Disable this key?"),
            trn(
                "Key {name} stops working now. You can undo it for {count} day.",
                "Key {name} stops working now. You can undo it for {count} days.",
                round(UNDO_SECONDS / DAY),
                name=name,
            ),
            yes=trc("button", "Disable"),
        ),
    )
    return [keep, *_shrink(row, units_per_usd=units_per_usd), disable]


def _shrink(row: ReviewedKey, *, units_per_usd: int) -> list[Block]:
    if row.target is None:
        return []
    amount, spent = _money(row.target, units_per_usd), _money(row.spent, units_per_usd)
    before = tr("The key has no quota limit now.")
    if Reason.UNLIMITED not in row.reasons:
        left = _money(row.snapshot["remain_quota"], units_per_usd)
        before = tr("The key had {left} left when the review began.", left=left)
    after = tr("{amount} will be left: the {spent} it spent in 90 days, with a margin.", amount=amount, spent=spent)
    return [
        button(
            trc("button", "Shrink to {amount}", amount=amount),
            SHRINK,
            value=str(row.id),
            label=tr("Shrink key {number} to {amount}", number=shown_number(row.key_id), amount=amount),
            confirm=confirm(tr("Lower its quota?"), joined(before, after), yes=trc("button", "Shrink")),
        )
    ]
