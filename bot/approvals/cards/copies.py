"""What is said of a copy that the gateway made with a key, and the button that has it disabled. No clients."""

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import ApprovalRequest
from bot.gateway.numbers import shown_number
from bot.languages import joined, tr, trc, trn
from bot.languages.formats import all_of
from bot.slack.blocks import Block, Message, actions, bold_name, button, context, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

POST = "key_copies"
ACTION = "disable_copy"
# Buttons of one message; a creation that was applied more often than this has never been seen.
_MOST = 5


def post_id(request_id: int) -> str:
    """The post that tells security of the copies of a request."""
    return f"req:{request_id}:copies"


def copy_blocks(request: ApprovalRequest) -> list[Block]:
    """To whoever asked: the copy, with the button that has it disabled."""
    copies = () if request.outcome is None else request.outcome.copies
    if not copies:
        return []
    if request.progress.copies_ordered:
        return [context(trn("The copy is being disabled.", "The {count} copies are being disabled.", len(copies)))]
    what = trn("Disable the copy", "Disable the {count} copies", len(copies))
    return [actions(button(what, ACTION, value=str(request.id), style="danger"))]


def security_message(request: ApprovalRequest) -> Message:
    """The word in the security channel, with a button for each copy that opens the usual form."""
    copies = () if request.outcome is None else request.outcome.copies
    keys = all_of(tr("key {number}", number=shown_number(number)) for number in copies)
    told = trn(
        "The gateway made key {name} of request {number} twice: {keys} is a copy that nobody owns.",
        "The gateway made key {name} of request {number} several times: {keys} are copies that nobody owns.",
        len(copies),
        name=bold_name(request.key_name),
        number=request.number,
        keys=keys,
    )
    who = mention(request.requester_id)
    if request.progress.copies_ordered:
        done = trn(
            "{who}, who asked for the key, has had the copy disabled.",
            "{who}, who asked for the key, has had the copies disabled.",
            len(copies),
            who=who,
        )
        return Message(told, [section(f":no_entry_sign: {joined(told, done)}")])
    waits = trn(
        "{who}, who asked for the key, can have the copy disabled; so can you.",
        "{who}, who asked for the key, can have the copies disabled; so can you.",
        len(copies),
        who=who,
    )
    buttons = [
        button(
            trc("button", "Disable key {number}…").filled(number=shown_number(number)), "key.disable", value=str(number)
        )
        for number in copies[:_MOST]
    ]
    return Message(told, [section(f":warning: {joined(told, waits)}"), actions(*buttons)])


def _draw(c: sa.Connection, post: PostRow) -> Message | None:
    request = store.find(c, int(post.subject))
    return None if request is None else security_message(request)


DRAWERS: dict[str, Drawer] = {POST: _draw}
