"""How a request looks: the card, the confirmation, the word to the requester. Functions of the row; no clients.

Order everywhere: a sentence, then facts, then a small line with the request number. Buttons carry the request's id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.lock_notices import lock_text
from bot.approvals.cards.notifications import CARD, CONFIRMATION, DECIDER, NOTICE, OWNER, STORY
from bot.approvals.models import FINAL, IN_HAND, WORDS, ApprovalRequest, Status
from bot.approvals.revocation.check import revocation_blocks
from bot.approvals.rotation.overlap import overlap_blocks
from bot.keys import owners
from bot.operations import Change, Effect, Offer, Operation
from bot.permissions.models import Approval
from bot.permissions.stages import missing, roles_who_may_answer
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bold_name,
    button,
    code,
    confirm,
    context,
    date,
    escape,
    fields,
    harmless,
    inert,
    mention,
    mention_all,
    option,
    overflow,
    quote,
    section,
)
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow
from bot.units import format_duration, format_quota

# A mark in front of each status word; green only for what was read back.
MARKS = {
    Status.PENDING: ":hourglass_flowing_sand:",
    Status.OFFERED: ":left_right_arrow:",
    Status.APPROVED: ":arrow_forward:",
    Status.RUNNING: ":arrow_forward:",
    Status.UNKNOWN: ":grey_question:",
    Status.SUCCEEDED: ":white_check_mark:",
    Status.FAILED: ":x:",
    Status.DENIED: ":no_entry:",
    Status.EXPIRED: ":zzz:",
    Status.WITHDRAWN: ":leftwards_arrow_with_hook:",
}
# What else can be done with a waiting request, in a menu beside its buttons: word of the value → text.
MORE = {
    "approve_with_changes": "Approve with changes…",
    "take": "I'll look",
    "remind": "Remind approvers",
    "withdraw": "Withdraw",
}


def mark_of(request: ApprovalRequest) -> str:
    """The mark in front of its status. A key taken out of use gets the green one when the gateway has refused it."""
    check = request.progress.revocation
    if request.status is not Status.SUCCEEDED or check is None or check.refused_at is not None:
        return MARKS[request.status]
    if not check.ended:
        return ":hourglass_flowing_sand:"
    return ":warning:" if check.accepted_last is None else ":rotating_light:"


@dataclass(frozen=True, kw_only=True)
class RequestViews:
    """What a drawing needs beside the row."""

    operations: Mapping[str, Operation]
    units_per_usd: int
    clock: Callable[[], float]

    def drawers(self) -> dict[str, Drawer]:
        """Post kind → what draws it."""
        return {
            CARD: self._card,
            CONFIRMATION: self._confirmation,
            NOTICE: self._notice,
            OWNER: self._owner,
            STORY: self._story,
            DECIDER: self._card,
        }

    def _card(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        return None if request is None else self.card(request)

    def _confirmation(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        return (
            None if request is None else confirmation(request, self.operations[request.operation], self.units_per_usd)
        )

    def _notice(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        if request is None:
            return None
        key_id = request.outcome.key_id if request.outcome else None
        owner = None if key_id is None else owners.last_owner_of(c, key_id)
        operation, mine = self.operations[request.operation], owner == request.requester_id
        return notice(request, operation, self.units_per_usd, mine=mine)

    def _owner(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        return None if request is None else owner_notice(request, self.operations[request.operation])

    def _story(self, _c: sa.Connection, post: PostRow) -> Message | None:
        text = str((post.body or {}).get("text", ""))
        return Message(text, [section(text)]) if text else None

    def card(self, request: ApprovalRequest) -> Message:
        """The card in the channel, whole, for the row as it is."""
        operation = self.operations[request.operation]
        who = mention(request.requester_id)
        headline = f"{who} {operation.asks} {_name(request)}"
        state = f"{mark_of(request)} *{WORDS[request.status].capitalize()}*{self._detail(request)}"
        blocks = [section(f"{headline}\n{state}"), *lock_blocks(request), *change_lines(request.summary)]
        if request.reason:
            blocks.append(section(f"*Why*\n{quote(request.reason)}"))
        blocks += offer_blocks(request, self.units_per_usd)
        if request.denial:
            blocks.append(section(f"*Reason of the denial*\n{quote(request.denial)}"))
        blocks += self._waiting_for(request)
        blocks += outcome_blocks(request)
        blocks += aftermath_blocks(request)
        blocks.append(context(_small_line(request)))
        blocks += self._buttons(request)
        return Message(f"{headline}: {WORDS[request.status]} ({request.number})", blocks)

    def _detail(self, request: ApprovalRequest) -> str:
        by = f" by {mention(request.decided_by)}" if request.decided_by else ""
        postponed = request.progress.postponed
        if request.status is Status.UNKNOWN:
            return f"{by} · the gateway's answer was lost; checking what it did before trying again"
        if request.status in IN_HAND and postponed:
            return f"{by} · held up, still trying, nothing is lost"
        if request.break_glass:
            seen = f"reviewed by {mention(request.reviewed_by)}" if request.reviewed_by else "*not reviewed yet*"
            return f" · :rotating_light: break-glass: done at once without an approval; {seen}"
        if request.status is Status.PENDING and request.taken_by:
            return f" · {mention(request.taken_by)} is looking at it"
        return by

    def _waiting_for(self, request: ApprovalRequest) -> list[Block]:
        approval = request.approval
        if request.status is not Status.PENDING or approval is None:
            return []
        given = request.given
        roles = roles_who_may_answer(approval, given, asked_at=request.asked_at, now=self.clock())
        lacking = missing(approval, given)
        people = "approval" if lacking == 1 else "approvals"
        text = f"Needs {lacking} more {people}" if request.votes else f"Needs {lacking} {people}"
        text += f" from {' or '.join(f'*{inert(role)}*' for role in roles)}"
        if request.votes:
            text += f"; approved by {', '.join(mention(vote.by) for vote in request.votes)}"
        until = f"Lapses {date(request.lapses_at)}" if request.lapses_at else "Never lapses"
        called = [f"Called: {mention_all(request.progress.called)}"] if request.progress.called else []
        lines = [context(text + ".", until, *called)]
        return lines + no_approver_blocks(request)

    def _buttons(self, request: ApprovalRequest) -> list[Block]:
        row = str(request.id)
        if request.status is Status.PENDING:
            return [
                actions(
                    button("Approve", "approve", value=row, style="primary"),
                    button("Deny", "deny", value=row, style="danger"),
                    overflow("more", *(option(text, f"{word}:{row}") for word, text in MORE.items())),
                )
            ]
        if request.status is Status.OFFERED:
            accept = button("Accept the offer", "accept_offer", value=row, style="primary")
            return [actions(accept, withdraw_button(row))]
        if request.break_glass and not request.reviewed_by and request.status in FINAL:
            return [actions(button("Reviewed", "reviewed", value=row))]
        return []


def lock_blocks(request: ApprovalRequest) -> list[Block]:
    """That the key is locked, since when and why; whoever decides must know."""
    lock = request.judgement.facts.lock
    return [] if lock is None else [section(f":closed_lock_with_key: *The key is locked.* {lock_text(lock)}")]


def withdraw_button(row: str) -> Block:
    """The button with which the requester withdraws the request."""
    sure = confirm("Withdraw this request?", "It can be asked again at any time.", yes="Withdraw", no="Keep it")
    return button("Withdraw", "withdraw", value=row, confirm=sure)


def confirmation(request: ApprovalRequest, operation: Operation, units_per_usd: int) -> Message:
    """The word to the channel that it is done and was read back. Never holds the key's value."""
    outcome = request.outcome
    # A new key is made for its requester; a change of an existing one may have been asked for by somebody else.
    made = operation.effect in {Effect.CREATES, Effect.REPLACES}
    whose = f"for {mention(request.requester_id)}" if made else f"as {mention(request.requester_id)} asked"
    sentence = f"{mark_of(request)} Key {_name(request)} {operation.done} {whose}"
    if request.decided_by:
        sentence += f", approved by {mention(request.decided_by)}"
    # In the thread of a card the details are shown already; without a card this message is all that the channel sees.
    blocks = [section(sentence + "."), *([] if request.has_card else change_lines(request.summary))]
    blocks += offer_blocks(request, units_per_usd)
    blocks += [context(f":information_source: {harmless(note)}") for note in (outcome.notes if outcome else ())]
    blocks += aftermath_blocks(request)
    key = f" · key {outcome.key_id}" if outcome and outcome.key_id else ""
    hint = f" · {code(outcome.hint)}" if outcome and outcome.hint else ""
    blocks.append(context(f"Request {request.number}{key}{hint} · rule {code(request.judgement.decision.rule or '')}"))
    return Message(f"Key {_name(request)} {operation.done} (request {request.number}).", blocks)


def notice(request: ApprovalRequest, operation: Operation, units_per_usd: int, *, mine: bool = True) -> Message:
    """The word to the requester, in their DM. `mine`: the key it made is the requester's own, to be revealed."""
    sentence = notice_sentence(request, operation)
    blocks = [section(f"{mark_of(request)} {sentence}")]
    blocks += no_approver_blocks(request)
    if request.denial:
        blocks.append(section(quote(request.denial)))
    blocks += offer_blocks(request, units_per_usd)
    blocks += outcome_blocks(request)
    blocks += aftermath_blocks(request)
    blocks.append(context(_small_line(request)))
    reveals = operation.effect in {Effect.CREATES, Effect.REPLACES}
    if request.status is Status.SUCCEEDED and reveals and mine:
        blocks.append(actions(button("Reveal", "reveal", value=str(request.id), style="primary")))
    if request.status is Status.OFFERED:
        accept = button("Accept the offer", "accept_offer", value=str(request.id), style="primary")
        blocks.append(actions(accept, withdraw_button(str(request.id))))
    if request.outcome is not None and request.outcome.changed_since and request.key_id is not None:
        # The button of the operation opens its form anew, prefilled with the key as it is now.
        blocks.append(actions(button("Look and ask again", operation.name, value=str(request.key_id))))
    return Message(sentence, blocks)


def owner_notice(request: ApprovalRequest, operation: Operation) -> Message:
    """The word to the owner of a key about what somebody else had done to it."""
    sentence = f"Your key {_name(request)} {operation.done}, as {mention(request.requester_id)} asked."
    blocks = [section(f"{mark_of(request)} {sentence}"), *change_lines(request.summary)]
    if request.reason:
        blocks.append(section(f"*Why*\n{quote(request.reason)}"))
    blocks += outcome_blocks(request)
    blocks += aftermath_blocks(request)
    blocks.append(context(_small_line(request)))
    if operation.effect is Effect.REPLACES:
        blocks.append(actions(button("Reveal", "reveal", value=str(request.id), style="primary")))
    return Message(sentence, blocks)


def aftermath_blocks(request: ApprovalRequest) -> list[Block]:
    """What goes on after it was done: the trials of a disabled key, the last hours of a replaced one."""
    return [*overlap_blocks(request), *revocation_blocks(request)]


def no_approver_blocks(request: ApprovalRequest) -> list[Block]:
    """That nobody can approve it now, for those who wait and those who can mend it."""
    approval = request.approval
    if request.status is not Status.PENDING or approval is None or request.progress.no_approver_since is None:
        return []
    roles = ", ".join(f"*{inert(role)}*" for stage in approval.stages for role in stage.roles)
    text = f":warning: Nobody can approve this now: among {roles} is no full member besides who asked."
    return [context(f"{text} An administrator must mend the policy or the user group.")]


def notice_sentence(request: ApprovalRequest, operation: Operation) -> str:
    """Where a request stands, to the one who asked."""
    name, by = _name(request), mention(request.decided_by or "")
    if request.status in IN_HAND - {Status.UNKNOWN} and request.progress.postponed is not None:
        why = escape(request.progress.postponed.why)
        return f"Your request for key {name} is not applied yet. {why} Nothing is lost: we keep trying."
    if request.status is Status.SUCCEEDED and operation.effect is Effect.REPLACES:
        return f"Key {name} has a successor. *Reveal* shows the new value to its owner alone."
    if request.status is Status.SUCCEEDED and operation.effect is Effect.CREATES:
        return f"Your key {name} is ready. *Reveal* shows its value to you alone."
    sentences = {
        Status.OFFERED: f"For key {name}, {by} offers less than you asked for. Accept it, or withdraw.",
        Status.UNKNOWN: f"The gateway's answer about key {name} was lost. We are checking what it did.",
        Status.SUCCEEDED: f"Key {name} {operation.done}.",
        Status.FAILED: f"Your request for key {name} failed. Nothing was reported as done.",
        Status.DENIED: f"{by} denied your request for key {name}.",
        Status.EXPIRED: f"Your request for key {name} lapsed: nobody decided in time. You can ask again.",
        Status.WITHDRAWN: f"You withdrew your request for key {name}.",
    }
    return sentences.get(request.status, f"Your request for key {name} is {WORDS[request.status]}.")


def change_lines(changes: tuple[Change, ...]) -> list[Block]:
    """The facts of a card: new values, or before → after."""
    pairs = []
    for change in changes:
        after = inert(change.after)
        pairs.append((change.label, after if change.before is None else f"{inert(change.before)} → *{after}*"))
    return fields(pairs) if pairs else []


def outcome_blocks(request: ApprovalRequest) -> list[Block]:
    """What went wrong or must be known, under a card or a notice."""
    outcome = request.outcome
    if outcome is None:
        return []
    lines = [section(harmless(outcome.sentence))] if request.status is Status.FAILED else []
    lines += [context(inert(item)) for item in outcome.differences[:10]]
    lines += [context(harmless(item)) for item in outcome.notes[: 10 - len(lines)]]
    return lines


def offer_blocks(request: ApprovalRequest, units_per_usd: int) -> list[Block]:
    """What stands instead of what was asked, if somebody offered less: wherever the request is shown."""
    if request.counter_offer is None:
        return []
    agreed = request.status in {Status.PENDING, *IN_HAND, Status.SUCCEEDED, Status.FAILED}
    label = "Granted instead of what was asked" if agreed else "Offered instead"
    return [section(f"*{label}*\n{offer_text(request.counter_offer, units_per_usd)}")]


def offer_text(offer: Offer, units_per_usd: int) -> str:
    """A counter-offer in words."""
    parts = []
    if offer.remain_quota is not None:
        parts.append(f"Quota {format_quota(offer.remain_quota, units_per_usd)}")
    if offer.delta is not None:
        parts.append(f"{format_quota(offer.delta, units_per_usd)} more quota")
    if offer.expiry is not None:
        life = format_duration(offer.expiry.seconds) if offer.expiry.seconds else date(offer.expiry.moment(0))
        parts.append(f"Lifetime {life}")
    if offer.models is not None:
        parts.append("Models " + (", ".join(code(model) for model in offer.models) or "all"))
    return " · ".join(parts)


def approval_text(approval: Approval) -> str:
    """Who must approve, for the live line of a modal."""
    stages = []
    for stage in approval.stages:
        roles = " or ".join(f"*{inert(role)}*" for role in stage.roles)
        stages.append(roles if stage.count == 1 else f"{stage.count} people of {roles}")
    return ", then ".join(stages)


def _name(request: ApprovalRequest) -> str:
    return bold_name(request.key_name)


def _small_line(request: ApprovalRequest) -> str:
    parts = [f"Request {request.number}"]
    if request.key_id is not None:
        parts.append(f"key {request.key_id}")
    if request.judgement.decision.rule:
        parts.append(f"rule {code(request.judgement.decision.rule)}")
    parts.append(f"asked {date(request.asked_at)}")
    return " · ".join(parts)
