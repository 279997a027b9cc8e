"""How a request looks: the card, the confirmation, the word to the requester. Functions of the row; no clients.

Order everywhere: a sentence, then facts, then a small line with the request number. Buttons carry the request's id.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.again import again_blocks
from bot.approvals.cards.background import background_blocks
from bot.approvals.cards.buttons import (
    accept_button,
    card_buttons,
    details_button,
    enable_again_blocks,
    reveal_button,
    withdraw_button,
)
from bot.approvals.cards.change_lines import change_lines
from bot.approvals.cards.copies import copy_blocks
from bot.approvals.cards.given_keys import given_blocks, offered_key, waiting_sentence, whose_sentence
from bot.approvals.cards.lock_notices import lock_blocks
from bot.approvals.cards.notifications import ACCEPTANCE, CARD, CONFIRMATION, DECIDER, NOTICE, OWNER, STORY
from bot.approvals.cards.offered_changes import shown_changes
from bot.approvals.cards.refill_notices import refill_notice
from bot.approvals.cards.status_line import by_hand, status_line
from bot.approvals.cards.terms import break_glass_blocks, no_approver_blocks, offer_blocks
from bot.approvals.cards.waiting import answer_blocks, own_answer, waiting_blocks
from bot.approvals.models import FINAL, IN_HAND, WAITING, WORDS, ApprovalRequest, OriginKind, Status
from bot.approvals.revocation.check import revocation_blocks
from bot.approvals.rotation.overlap import overlap_blocks
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.keys import owners
from bot.languages import Sentence, joined, said, tr, trc
from bot.languages.sentence import from_stored
from bot.operations import Effect, Operation
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bold_name,
    button,
    code,
    context,
    date,
    escape,
    harmless,
    inert,
    mention,
    quote,
    section,
    truncate,
)
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

# A mark in front of each status word; green only for what was read back.
MARKS = {
    Status.PENDING: ":hourglass_flowing_sand:",
    Status.OFFERED: ":left_right_arrow:",
    Status.APPROVED: ":hourglass_flowing_sand:",
    Status.RUNNING: ":hourglass_flowing_sand:",
    Status.UNKNOWN: ":question:",
    Status.SUCCEEDED: ":white_check_mark:",
    Status.FAILED: ":x:",
    Status.DENIED: ":no_entry:",
    Status.EXPIRED: ":zzz:",
    Status.WITHDRAWN: ":leftwards_arrow_with_hook:",
}
# Characters of a denial's reason on a finished card; the details show all of it.
_DENIAL = 150


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
    dollars: Dollars
    clock: Callable[[], float]

    def drawers(self) -> dict[str, Drawer]:
        """Post kind → what draws it."""
        return {
            CARD: self._card,
            CONFIRMATION: self._confirmation,
            NOTICE: self._notice,
            OWNER: self._owner,
            ACCEPTANCE: self._acceptance,
            STORY: self._story,
            DECIDER: self._card,
        }

    def _card(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        return None if request is None else self.card(request, background=self.background(c, request))

    def _confirmation(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        return (
            None if request is None else confirmation(request, self.operations[request.operation], self._units(request))
        )

    def _notice(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        if request is None:
            return None
        if request.origin.kind is OriginKind.ALLOWANCE:
            return refill_notice(request)
        key_id = request.outcome.key_id if request.outcome else None
        owner = None if key_id is None else owners.last_owner_of(c, key_id)
        operation, mine = self.operations[request.operation], owner == request.requester_id
        return notice(request, operation, self._units(request), mine=mine)

    def _owner(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        if request is None:
            return None
        return owner_notice(request, self.operations[request.operation], owner=post.target.removeprefix("dm:"))

    def _acceptance(self, c: sa.Connection, post: PostRow) -> Message | None:
        request = store.find(c, int(post.subject))
        return None if request is None else offered_key(request)

    def _story(self, _c: sa.Connection, post: PostRow) -> Message | None:
        text = from_stored((post.body or {}).get("text", ""))
        return Message(text, [section(text)]) if text else None

    def _units(self, request: ApprovalRequest) -> int:
        return self.dollars.at(request.gateway)

    def background(self, c: sa.Connection, request: ApprovalRequest) -> list[Block]:
        """What whoever decides should know beside the wish itself."""
        operation = self.operations[request.operation]
        return background_blocks(c, request, operation, now=self.clock(), dollars=self.dollars)

    def card(self, request: ApprovalRequest, *, background: Sequence[Block] = (), details: bool = False) -> Message:
        """The card in the channel, for the row as it is: whole while something can be done, two lines afterwards.

        `background`: what whoever decides should know besides. `details`: whole in any case.
        """
        operation = self.operations[request.operation]
        headline = operation.asks(mention(request.requester_id), _name(request))
        state = f"{mark_of(request)} {status_line(request, operation)}"
        text = f"{headline}: {said(WORDS[request.status])} ({request.number})"
        if is_over(request) and not details:
            more = again_blocks(request, operation)
            buttons = [details_button(request), *(one for block in more for one in block["elements"])]
            why = f"\n{quote(truncate(request.denial, _DENIAL))}" if request.denial else ""
            return Message(text, [section(f"{headline}\n{state}{why}"), *outcome_blocks(request), actions(*buttons)])
        blocks = [
            section(f"{headline}\n{state}"),
            *lock_blocks(request.judgement.facts.lock),
            *change_lines(shown_changes(request, self._units(request))),
        ]
        blocks += background
        blocks += reason_blocks(request) or _no_reason(request)
        blocks += offer_blocks(request, self._units(request))
        if request.denial:
            heading = tr("Reason of the denial")
            blocks.append(section(f"*{heading}*\n{quote(request.denial)}"))
        blocks += waiting_blocks(request, now=self.clock()) or answer_blocks(request)
        blocks += outcome_blocks(request)
        blocks += aftermath_blocks(request)
        blocks.append(context(_small_line(request, rule=details)))
        blocks += card_buttons(request) or again_blocks(request, operation)
        return Message(text, blocks)


def confirmation(request: ApprovalRequest, operation: Operation, units_per_usd: int) -> Message:
    """The word to the channel that it is done and was read back. Never holds the key's value."""
    outcome, done, who = request.outcome, operation.done(_name(request)), mention(request.requester_id)
    if request.decided_by:
        asked: str = tr("Asked by {who}, approved by {by}.", who=who, by=mention(request.decided_by))
    elif request.origin.kind is OriginKind.ROTATION_END:
        asked = tr("The time in which both keys worked is over (rotation #{number}).", number=request.origin.request_id)
    elif not request.origin.by_person:
        asked = tr("Keydesk did it by itself.")
    else:
        asked = tr("Asked by {who}.", who=who)
    # In the thread of a card the details are shown already; without a card this message is all that the channel sees.
    blocks = [
        section(f"{mark_of(request)} {joined(done, asked)}"),
        *([] if request.has_card else change_lines(shown_changes(request, units_per_usd))),
    ]
    blocks += offer_blocks(request, units_per_usd)
    blocks += [context(f":information_source: {harmless(note)}") for note in (outcome.notes if outcome else ())]
    blocks += aftermath_blocks(request)
    parts: list[str] = [tr("Request {number}", number=request.number)]
    parts += [tr("key {number}", number=shown_number(outcome.key_id))] if outcome and outcome.key_id else []
    parts += [code(outcome.hint)] if outcome and outcome.hint else []
    blocks.append(context(" · ".join(parts)))
    blocks += enable_again_blocks(request)
    return Message(joined(done, tr("(Request {number}.)", number=request.number)), blocks)


def notice(request: ApprovalRequest, operation: Operation, units_per_usd: int, *, mine: bool = True) -> Message:
    """The word to the requester, in their DM. `mine`: the key it made is the requester's own, to be revealed."""
    sentence = notice_sentence(request, operation)
    blocks = [section(f"{mark_of(request)} {sentence}"), *break_glass_blocks(request)]
    blocks += no_approver_blocks(request)
    if request.denial:
        blocks.append(section(quote(request.denial)))
    answer = own_answer(request)
    blocks += offer_blocks(request, units_per_usd, asker=True)
    blocks += [section(answer)] if answer else []
    blocks += outcome_blocks(request)
    blocks += aftermath_blocks(request)
    blocks.append(context(_small_line(request)))
    reveals = operation.effect in {Effect.CREATES, Effect.REPLACES}
    if request.status is Status.SUCCEEDED and reveals and mine:
        blocks.append(actions(reveal_button(request)))
    if request.status is Status.OFFERED:
        blocks.append(actions(accept_button(request), withdraw_button(str(request.id))))
    blocks += [*copy_blocks(request), *enable_again_blocks(request)]
    if request.outcome is not None and request.outcome.changed_since and request.key_id is not None:
        # The button of the operation opens its form anew, prefilled with the key as it is now.
        blocks.append(actions(button(tr("Look and ask again"), operation.name, value=str(request.key_id))))
    blocks += again_blocks(request, operation)
    return Message(joined(sentence, answer) if answer else sentence, blocks)


def owner_notice(request: ApprovalRequest, operation: Operation, *, owner: str = "") -> Message:
    """The word to the owner of a key, `owner`, about what somebody else had done to it."""
    sentence = joined(operation.done(_name(request)), whose_sentence(request, owner))
    blocks = [section(f"{mark_of(request)} {sentence}"), *change_lines(request.summary), *reason_blocks(request)]
    blocks += outcome_blocks(request)
    blocks += aftermath_blocks(request)
    blocks.append(context(_small_line(request)))
    if operation.effect is Effect.REPLACES:
        blocks.append(actions(reveal_button(request)))
    blocks += enable_again_blocks(request)
    if operation.effect is Effect.GIVES and owner == request.counted_for:
        blocks += given_blocks(request)
    return Message(sentence, blocks)


def is_over(request: ApprovalRequest) -> bool:
    """Whether it has ended, and nothing goes on about it: no review, no trials of a key, no overlap."""
    check, overlap = request.progress.revocation, request.progress.overlap
    goes_on = (check is not None and not check.ended and check.refused_at is None) or (
        overlap is not None and overlap.request_id is None
    )
    to_review = request.break_glass and not request.reviewed_by
    return request.status in FINAL and not goes_on and not to_review


def _no_reason(request: ApprovalRequest) -> list[Block]:
    return [context(tr("No reason given."))] if request.status in WAITING else []


def reason_blocks(request: ApprovalRequest) -> list[Block]:
    """Why somebody asks, in their own words."""
    heading = trc("heading above a reason", "Why")
    return [section(f"*{heading}*\n{quote(request.reason)}")] if request.reason else []


def aftermath_blocks(request: ApprovalRequest) -> list[Block]:
    """What goes on after it was done: the trials of a disabled key, the last hours of a replaced one."""
    return [*overlap_blocks(request), *revocation_blocks(request)]


def notice_sentence(request: ApprovalRequest, operation: Operation) -> str:
    """Where a request stands, to the one who asked."""
    name, by, status = _name(request), mention(request.decided_by or ""), request.status
    if status in IN_HAND - {Status.UNKNOWN} and request.progress.postponed is not None:
        return tr(
            "Your request for key {name} is not applied yet. {why} Nothing is lost: we keep trying.",
            name=name,
            why=escape(request.progress.postponed.why),
        )
    if by_hand(request):
        return tr("It is not known what became of your request for key {name}. A person must look.", name=name)
    if request.waits_for_acceptance:
        return waiting_sentence(request)
    if status is Status.SUCCEEDED:
        made = _MADE.get(operation.effect)
        return operation.done(name) if made is None else made.filled(name=name)
    if operation.effect is Effect.BUDGETS:
        return _BUDGETS.get(status, _BUDGET).filled(name=name, by=by)
    told = _NOT_NEEDED if status is Status.WITHDRAWN and not request.decided_by else _NOTICES[status]
    return told.filled(name=name, by=by)


_MADE: Mapping[Effect | None, Sentence] = {
    Effect.REPLACES: tr("Key {name} has a successor. *Reveal* shows the new value to its owner alone."),
    Effect.CREATES: tr("Your key {name} is ready. *Reveal* shows its value to you alone."),
}
_NOT_NEEDED = tr("Nobody need decide your request for key {name} any more.")


_BUDGET = tr("Your request for the budget of {name} is under way.")
_BUDGETS: Mapping[Status, Sentence] = {
    Status.PENDING: tr("Your request for the budget of {name} is waiting."),
    Status.OFFERED: tr("{by} approved your request for the budget of {name} with changes."),
    Status.FAILED: tr("Your request for the budget of {name} failed. Nothing was changed."),
    Status.DENIED: tr("{by} denied your request for the budget of {name}."),
    Status.EXPIRED: tr("Your request for the budget of {name} expired: nobody decided in time. You can ask again."),
    Status.WITHDRAWN: tr("Your request for the budget of {name} was withdrawn."),
}
_NOTICES: Mapping[Status, Sentence] = {
    Status.PENDING: tr("Your request for key {name} is waiting."),
    Status.OFFERED: tr("{by} approved your request for key {name} with changes."),
    Status.APPROVED: tr("Your request for key {name} is approved."),
    Status.RUNNING: tr("Your request for key {name} is applying."),
    Status.UNKNOWN: tr("The gateway's answer about key {name} was lost. We are checking what it did."),
    Status.FAILED: tr("Your request for key {name} failed. Nothing was reported as done."),
    Status.DENIED: tr("{by} denied your request for key {name}."),
    Status.EXPIRED: tr("Your request for key {name} expired: nobody decided in time. You can ask again."),
    Status.WITHDRAWN: tr("You withdrew your request for key {name}."),
}


def outcome_blocks(request: ApprovalRequest) -> list[Block]:
    """What went wrong or must be known, under a card or a notice."""
    outcome = request.outcome
    if outcome is None:
        return []
    told = request.status is Status.FAILED or by_hand(request)
    lines = [section(harmless(outcome.sentence))] if told and outcome.sentence else []
    lines += [context(inert(item)) for item in outcome.differences[:10]]
    lines += [context(harmless(item)) for item in outcome.notes[: 10 - len(lines)]]
    return lines


def _name(request: ApprovalRequest) -> str:
    return bold_name(request.key_name)


def _small_line(request: ApprovalRequest, *, rule: bool = False) -> str:
    """Its numbers. `rule`: and which rule decided, for whoever asks for the details."""
    parts: list[str] = [tr("Request {number}", number=request.number)]
    if request.key_id is not None:
        parts.append(tr("key {number}", number=shown_number(request.key_id)))
    if rule and request.judgement.decision.rule:
        parts.append(tr("rule {name}", name=code(request.judgement.decision.rule)))
    parts.append(tr("asked {when}", when=date(request.asked_at)))
    return " · ".join(parts)
