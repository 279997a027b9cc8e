"""How keys that were made outside Keydesk are said: a card each, one for many, one for all that were there before."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import Status
from bot.care.decision_words import decision_text, with_mention
from bot.care.unknown_keys import store
from bot.care.unknown_keys.store import UnknownKey
from bot.gateway.dollars import Dollars
from bot.gateway.models import KeyStatus
from bot.gateway.numbers import shown_number
from bot.keys import inventory_store, owners
from bot.keys.inventory_store import KnownKey
from bot.keys.text import left_text
from bot.languages import joined, tr, trc, trn
from bot.slack.blocks import Block, Message, actions, bold_name, button, code, context, date, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

CARD, SUMMARY = "unknown_keys", "unknown_keys_summary"
ADOPT, DISABLE, IGNORE = "key.adopt", "key.disable", "unknown_key.ignore"
ENABLE = "key.enable"
SECURITY_POSTS = {
    CARD: trc("what nobody in a channel sees", "a key that was made outside Keydesk"),
    SUMMARY: trc("what nobody in a channel sees", "how many keys have no owner"),
}
# Keys with buttons in one message.
SHOWN = 15


def drawers(*, dollars: Dollars) -> dict[str, Drawer]:
    """Post kind → what draws it."""

    def card(c: sa.Connection, row: PostRow) -> Message | None:
        return _card(c, store.of_card(c, int(row.subject)), row.body, dollars)

    return {CARD: card, SUMMARY: _summary}


def _card(c: sa.Connection, told: Sequence[UnknownKey], body: Mapping[str, Any], dollars: Dollars) -> Message | None:
    if not told:
        return None
    sentence = trn(
        "A key was made outside Keydesk: nobody asked for it here, and nobody owns it.",
        "{count} keys were made outside Keydesk: nobody asked for them here, and nobody owns them.",
        len(told),
    )
    known = inventory_store.several(c, [one.key_id for one in told[:SHOWN]])
    keys: list[Block] = []
    for one in told[:SHOWN]:
        keys += _key_blocks(c, one, known.get(one.key_id), dollars.of(one.key_id))
    blocks = [section(with_mention(body, f":mag: {sentence}")), *_choices(keys, body), *keys]
    more = len(told) - SHOWN
    if more > 0:
        where = code("/apikey list ownerless")
        blocks.append(context(trn("… and {count} more: {where}", "… and {count} more: {where}", more, where=where)))
    return Message(sentence, blocks)


def _choices(keys: Sequence[Block], body: Mapping[str, Any]) -> list[Block]:
    """What each button does, where a key in use has them."""
    clicked = [element["action_id"] for block in keys if block["type"] == "actions" for element in block["elements"]]
    if DISABLE not in clicked:
        return []
    what = tr(
        "*{adopt}* gives a key an owner, *{disable}* puts it out of use, *{ignore}* lets it stay without an owner. "
        "Until somebody decides, it keeps working.",
        adopt=tr("Adopt for…"),
        disable=trc("button", "Disable"),
        ignore=trc("button", "Ignore"),
    )
    return [section(decision_text(body, what))]


def _key_blocks(c: sa.Connection, told: UnknownKey, known: KnownKey | None, units_per_usd: int) -> list[Block]:
    number = tr("key {number}", number=shown_number(told.key_id))
    if known is None or known.gone_at is not None or known.key.created_time != told.born_at:
        return [section(" · ".join([number, tr("deleted")]))]
    key = known.key
    left = left_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=units_per_usd)
    made = tr("made {when}", when=date(key.created_time))
    state, elements = _state(c, told, known)
    line = section(
        " · ".join([bold_name(key.name), number, code(key.last_four), left, made, *([state] if state else [])])
    )
    return [line, actions(*elements)] if elements else [line]


def _state(c: sa.Connection, told: UnknownKey, known: KnownKey) -> tuple[str, Sequence[Block]]:
    """What became of the key, "" = nothing yet, and what can be done about it."""
    owner = owners.owner_of(c, told.key_id, told.born_at)
    if owner is not None:
        return tr(":white_check_mark: belongs to {who}", who=mention(owner)), ()
    value, number = str(told.key_id), shown_number(told.key_id)
    adopt = button(tr("Adopt for…"), ADOPT, value=value, label=tr("Find an owner for key {number}", number=number))
    disabled = _is_disabled(c, known)
    state = tr(":no_entry: disabled") if disabled else ""
    if told.ignored_by is not None:
        ignored = tr("{who} says that it may stay without an owner", who=mention(told.ignored_by))
        return (f"{state} · {ignored}" if state else ignored), ()
    disable = button(
        trc("button", "Disable"), DISABLE, value=value, style="danger", label=tr("Disable key {number}", number=number)
    )
    ignore = button(trc("button", "Ignore"), IGNORE, value=value, label=tr("Ignore key {number}", number=number))
    return state, (adopt, ignore) if disabled else (adopt, disable, ignore)


def _is_disabled(c: sa.Connection, known: KnownKey) -> bool:
    """As it was last read, or as a request made it that was settled since."""
    for request in requests_store.of_key(c, int(known.key.id), limit=5):
        settled = request.status is Status.SUCCEEDED and (request.settled_at or 0.0) >= known.read_at
        if settled and request.operation in {DISABLE, ENABLE}:
            return request.operation == DISABLE
    return known.key.status == KeyStatus.DISABLED


def _summary(_c: sa.Connection, row: PostRow) -> Message:
    body: Mapping[str, Any] = row.body
    sentence = trn(
        "{count} key of the gateway's account was made outside Keydesk and has no owner here.",
        "{count} keys of the gateway's account were made outside Keydesk and have no owner here.",
        int(body["count"]),
    )
    how = tr(
        "{list} shows them, and {adopt} gives one an owner. Each new key of this kind is announced in this channel.",
        list=code("/apikey list ownerless"),
        adopt=code("/apikey adopt KEY @person"),
    )
    return Message(joined(sentence, how), [section(f":mag: {sentence}"), section(how)])
