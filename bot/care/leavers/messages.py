"""How a departure is said: one card with all keys of somebody who has left, and the question when too many are gone.

Drawn from rows: a card shows what became of each key since, and has buttons for those of which nothing did.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import ApprovalRequest, Status
from bot.care.leavers import store
from bot.care.leavers.store import Departure, LeftKey
from bot.db import named_values
from bot.gateway.dollars import Dollars
from bot.gateway.models import KeyStatus
from bot.gateway.numbers import shown_number
from bot.keys import inventory_store, owners
from bot.keys.inventory_store import KnownKey
from bot.keys.text import left_text
from bot.languages import joined, said, tr, trc, trn
from bot.languages.formats import some_of
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
    harmless,
    mention,
    mention_all,
    section,
)
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

CARD, QUESTION = "departure", "leavers_question"
# A button of key_transfer, whose form comes filled in with whoever clicked.
TAKE_OVER, DISABLE = "key.take_over", "key.disable"
CONFIRM, DISMISS = "leavers.confirm", "leavers.dismiss"
SECURITY_POSTS = {
    CARD: trc("what nobody in a channel sees", "the keys of somebody who has left"),
    QUESTION: trc("what nobody in a channel sees", "a question about people who have left"),
}
# Keys with buttons on one card, and people named in the question.
SHOWN, NAMED = 15, 30


def disable_delivery(departure: Departure, key_id: int) -> str:
    """The delivery id of the request that disables a key when the time is over."""
    return f"leaver:{departure.person_id}:{departure.id}:{key_id}"


def question_note(number: int) -> str:
    """The name under which a question and its answer are kept."""
    return f"leavers.question:{number}"


def drawers(*, dollars: Dollars) -> dict[str, Drawer]:
    """Post kind → what draws it."""

    def card(c: sa.Connection, row: PostRow) -> Message | None:
        departure = store.find(c, int(row.subject))
        return None if departure is None else _card(c, departure, row.body, dollars)

    return {CARD: card, QUESTION: _question}


def _card(c: sa.Connection, departure: Departure, body: Mapping[str, Any], dollars: Dollars) -> Message:
    sentence = _sentence(departure)
    called = mention_all(body.get("called", ()))
    blocks = [section(joined(called, f":wave: {sentence}") if called else f":wave: {sentence}")]
    known = inventory_store.several(c, [key.key_id for key in departure.keys])
    for key in departure.keys[:SHOWN]:
        blocks += _key_blocks(c, departure, key, known.get(key.key_id), dollars.of(key.key_id))
    more = len(departure.keys) - SHOWN
    if more > 0:
        where = code("/apikey list")
        blocks.append(context(trn("… and {count} more: {where}", "… and {count} more: {where}", more, where=where)))
    return Message(sentence, blocks)


def _sentence(departure: Departure) -> str:
    who, number = mention(departure.person_id), len(departure.keys)
    left = trn(
        "{who} has left: the account is deactivated in Slack. {count} key of theirs still worked.",
        "{who} has left: the account is deactivated in Slack. {count} keys of theirs still worked.",
        number,
        who=who,
    )
    if departure.returned_at is not None and departure.ended_at is not None:
        back = tr("They have been back since {when}; what was disabled stays so.", when=date(departure.returned_at))
        return joined(left, back)
    if departure.returned_at is not None:
        back = tr("They have been back since {when}, so nothing is disabled.", when=date(departure.returned_at))
        return joined(left, back)
    if departure.ended_at is not None:
        return joined(left, tr("What nobody took over was disabled {when}.", when=date(departure.ended_at)))
    if departure.due_at is None:
        return joined(left, tr("Nothing is disabled by itself: somebody should decide about each key."))
    return joined(left, tr("What nobody takes over is disabled {when}.", when=date(departure.due_at)))


def _key_blocks(
    c: sa.Connection, departure: Departure, key: LeftKey, known: KnownKey | None, units_per_usd: int
) -> list[Block]:
    parts = [bold_name(key.name), tr("key {number}", number=shown_number(key.key_id))]
    if known is not None:
        record = known.key
        left = left_text(record.remain_quota, unlimited=record.unlimited_quota, units_per_usd=units_per_usd)
        parts += [code(record.last_four), left]
    state, elements = _state(c, departure, key, known)
    line = section(" · ".join([*parts, *([state] if state else [])]))
    return [line, actions(*elements)] if elements and departure.returned_at is None else [line]


def _state(c: sa.Connection, departure: Departure, key: LeftKey, known: KnownKey | None) -> tuple[str, Sequence[Block]]:
    """What became of the key, "" = nothing yet, and what can be done about it."""
    line = owners.find(c, key.key_id)
    if line is None or line.deleted_at is not None or _is_gone(key, known):
        return tr("deleted"), ()
    if line.owner_id != departure.person_id:
        return tr(":white_check_mark: taken over by {who}", who=mention(line.owner_id)), ()
    take = _button(tr("Take over"), TAKE_OVER, tr("Take over key {number}", number=shown_number(key.key_id)), key)
    if line.disabled_at is not None or (known is not None and known.key.status == KeyStatus.DISABLED):
        return tr(":no_entry: disabled"), (take,)
    disable = _button(
        tr("Disable now"), DISABLE, tr("Disable key {number}", number=shown_number(key.key_id)), key, style="danger"
    )
    request = requests_store.by_delivery(c, disable_delivery(departure, key.key_id))
    return _how_it_went(request), (take, disable)


def _is_gone(key: LeftKey, known: KnownKey | None) -> bool:
    """Whether the key is no more, or its number is another key by now."""
    if known is None:
        return False
    return known.gone_at is not None or key.born_at not in {None, known.key.created_time}


def _how_it_went(request: ApprovalRequest | None) -> str:
    """How far Keydesk is with disabling a key by itself; "" before it began."""
    if request is None or request.status is Status.SUCCEEDED:
        return ""
    if request.status is Status.FAILED:
        why = "" if request.outcome is None else harmless(request.outcome.sentence)
        return joined(tr(":x: It could not be disabled and still works."), why)
    if request.progress.postponed is not None:
        return tr(":hourglass_flowing_sand: being disabled as soon as the gateway answers")
    return tr(":hourglass_flowing_sand: being disabled")


def _button(text: str, action_id: str, label: str, key: LeftKey, *, style: Any = None) -> Block:
    return button(text, action_id, value=str(key.key_id), label=label, style=style)


def _question(c: sa.Connection, row: PostRow) -> Message | None:
    kept = named_values.get(c, question_note(int(row.subject)))
    if kept is None:
        return None
    people = kept["people"]
    sentence = trn(
        "Slack's list says that {count} of {total} owners of keys has left.",
        "Slack's list says that {count} of {total} owners of keys have left.",
        len(people),
        total=kept["total"],
    )
    if kept["answer"]:
        answer = said(_ANSWERS[kept["answer"]].filled(who=mention(kept["by"])))
        return Message(joined(sentence, answer), [section(sentence), context(answer)])
    why = tr(
        "So many at once may be a mistake in the list. Nothing happens to their keys before somebody here says so."
    )
    names = some_of([mention(person) for person in people], NAMED)
    sure = confirm(
        tr("Have they left?"),
        tr(
            "Slack is asked about each once more. The keys of those who have left are shown here, and what nobody "
            "takes over is disabled as the policy says."
        ),
        yes=tr("They have left"),
    )
    buttons = actions(
        button(tr("They have left"), CONFIRM, value=row.subject, style="danger", confirm=sure),
        button(tr("They have not"), DISMISS, value=row.subject),
    )
    blocks = [section(f":rotating_light: {sentence}"), section(why), section(names), buttons]
    return Message(joined(sentence, why), blocks)


_ANSWERS = {
    "left": tr("{who} says that they have left: Slack is asked about each, and their keys are shown here."),
    "not": tr("{who} says that they have not left. Nothing happens to their keys."),
    "over": tr("By now the list says otherwise. Nothing happened to their keys."),
}
