"""What is said to whoever gets a key that others had before: the offer with its buttons, and that it is theirs."""

from bot.approvals.models import ApprovalRequest, Status
from bot.gateway.numbers import shown_number
from bot.languages import joined, tr, trc
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bold_name,
    button,
    context,
    date,
    harmless,
    mention,
    quote,
    section,
)


def given_blocks(request: ApprovalRequest) -> list[Block]:
    """What somebody should know who gets a key that was in use before, with the button for a new value."""
    known = tr("Whoever had the key before may know its value. *Rotate* makes a new one, and the old one ends.")
    rotate = button(trc("button", "Rotate"), "key.rotate", value=str(request.key_id))
    return [section(known), actions(rotate)]


def offered_key(request: ApprovalRequest) -> Message:
    """The word to the new owner of a key, in their DM, with *Accept* and *Decline* while it is open."""
    name, who, owner = bold_name(request.key_name), mention(request.requester_id), request.input.get("from_id")
    if owner in {None, request.requester_id}:
        headline: str = tr("{who} wants to give you key {name}.", who=who, name=name)
    else:
        headline = tr("{who} wants you to own key {name} of {owner}.", who=who, name=name, owner=mention(owner))
    blocks = [section(f":key: {headline}")]
    blocks += [section(quote(request.reason))] if request.reason else []
    blocks.append(section(_state(request)))
    if request.waits_for_acceptance:
        row = str(request.id)
        accept = button(trc("button: take the key", "Accept"), "accept_key", value=row, style="primary")
        blocks.append(actions(accept, button(trc("button: do not take the key", "Decline"), "decline_key", value=row)))
    number, key = tr("Request {number}", number=request.number), tr("key {number}", number=shown_number(request.key_id))
    blocks.append(context(f"{number} · {key}"))
    return Message(headline, blocks)


def _state(request: ApprovalRequest) -> str:
    acceptance = request.progress.acceptance
    if request.waits_for_acceptance and acceptance is not None:
        return joined(
            tr("If you accept, the key counts as yours, with what is left on it."),
            tr("Whoever had it before may know its value; *Rotate* makes a new one once it is yours."),
            tr("You can answer until {when}; until then nothing changes.", when=date(acceptance.until)),
        )
    if request.status is Status.SUCCEEDED:
        return tr(":white_check_mark: You accepted it. The key is yours.")
    if request.status is Status.FAILED and request.outcome is not None:
        return harmless(request.outcome.sentence)
    return tr(":hourglass_flowing_sand: You accepted it. The key will be yours in a moment.")


def waiting_sentence(request: ApprovalRequest) -> str:
    """To whoever asked: that the new owner has not answered yet."""
    acceptance, who = request.progress.acceptance, mention(request.counted_for)
    until = date(0.0 if acceptance is None else acceptance.until)
    return tr(
        "Key {name} waits for {who} to accept it, until {when}. Until then it stays as it is.",
        name=bold_name(request.key_name),
        who=who,
        when=until,
    )


def whose_sentence(request: ApprovalRequest, owner: str) -> str:
    """To an owner about whose key somebody else did something: that it is, or was, theirs."""
    who = mention(request.requester_id)
    if owner and owner == request.input.get("from_id"):
        return tr("It was your key; {who} asked for this.", who=who)
    return tr("It is your key; {who} asked for this.", who=who)
