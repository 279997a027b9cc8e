"""How it is said that somebody changed keys outside Keydesk: before and after, with the buttons that settle it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.cards.change_lines import change_lines
from bot.approvals.models import STATES
from bot.care.decision_words import decision_text, with_mention
from bot.care.drift import store
from bot.care.drift.comparison import DISABLED, TOTAL, Reading, settings_of
from bot.care.drift.store import KeyDrift
from bot.gateway.dollars import Dollars
from bot.gateway.models import EffectiveState
from bot.gateway.numbers import shown_number
from bot.keys.text import changed_lines, state_text
from bot.languages import Sentence, joined, said, tr, trc, trn
from bot.operations import Change
from bot.slack.blocks import Block, Message, actions, bold_name, button, code, context, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow
from bot.units import format_quota

CARD = "drift"
ACCEPT, PUT_BACK = "drift.accept", "drift.put_back"
SECURITY_POSTS = {CARD: trc("what nobody in a channel sees", "a key that was changed outside Keydesk")}
_OUTCOMES: dict[str, Sentence] = {
    "accepted": tr(":white_check_mark: {who} accepts it."),
    "put_back": tr(":leftwards_arrow_with_hook: It was put back, as {who} asked."),
    "back": tr(":leftwards_arrow_with_hook: By now it is again as it was before."),
}


def drawers(*, dollars: Dollars) -> dict[str, Drawer]:
    """Post kind → what draws it."""

    def card(c: sa.Connection, row: PostRow) -> Message | None:
        return _card(c, store.of_card(c, int(row.subject)), row.body, dollars)

    return {CARD: card}


def _card(c: sa.Connection, rows: Sequence[KeyDrift], body: Mapping[str, Any], dollars: Dollars) -> Message | None:
    if not rows:
        return None
    sentence = trn(
        "A key was changed outside Keydesk, and nobody asked for that here.",
        "{count} keys were changed outside Keydesk, and nobody asked for that here.",
        len(rows),
    )
    blocks = [section(with_mention(body, f":mag: {sentence}"))]
    if any(row.outcome is None and not row.requests for row in rows):
        blocks.append(section(decision_text(body, _choices())))
    for row in rows:
        blocks += _key_blocks(c, row, dollars.of(row.key_id))
    return Message(sentence, blocks)


def _choices() -> str:
    return tr(
        "*{accept}* keeps a key as it is now, *{back}* changes it back to what it was. Until somebody decides, "
        "it stays as it is now.",
        accept=trc("button", "Accept"),
        back=trc("button", "Put back"),
    )


def _key_blocks(c: sa.Connection, row: KeyDrift, units_per_usd: int) -> list[Block]:
    shown = row.shown or {}
    parts = [bold_name(shown["name"]), tr("key {number}", number=shown_number(row.key_id)), code(shown["hint"])]
    parts += [mention(shown["owner"])] if shown["owner"] else []
    blocks = [
        section(" · ".join(parts)),
        *change_lines(_changes(shown["before"], shown["after"], shown["quota"], units_per_usd)),
    ]
    if row.outcome is not None:
        return [*blocks, context(said(_OUTCOMES[row.outcome].filled(who=mention(row.answered_by or ""))))]
    if row.requests:
        return [*blocks, context(_asked(c, row))]
    value, number = str(row.key_id), shown_number(row.key_id)
    accept = button(
        trc("button", "Accept"), ACCEPT, value=value, label=tr("Accept key {number} as it is", number=number)
    )
    back = button(trc("button", "Put back"), PUT_BACK, value=value, label=tr("Put key {number} back", number=number))
    return [*blocks, actions(accept, back)]


def _asked(c: sa.Connection, row: KeyDrift) -> str:
    """By which requests it is being put back."""
    requests = requests_store.several(c, [one for one in row.requests.values() if one]).values()
    states = [
        tr("Request {number}: {state}.", number=request.number, state=said(STATES[request.status]))
        for request in requests
    ]
    return joined(tr("{who} wants it put back.", who=mention(row.answered_by or "")), *states)


def _changes(before: Reading, after: Reading, quota: int, units_per_usd: int) -> tuple[Change, ...]:
    """Only what was changed, before → after; the quota with what is spent of it."""
    lines = list(changed_lines(settings_of(before), settings_of(after), expiry=None))
    if before["unlimited_quota"] != after["unlimited_quota"]:
        limits = [tr("no limit") if one["unlimited_quota"] else tr("a limit") for one in (before, after)]
        lines.append(Change(field="unlimited_quota", label=tr("Quota"), before=limits[0], after=limits[1]))
    elif quota:
        granted = int(after[TOTAL])
        was, now = (format_quota(amount, units_per_usd) for amount in (granted - quota, granted))
        lines.append(Change(field="delta", label=tr("Quota granted in all"), before=was, after=now))
    if before[DISABLED] != after[DISABLED]:
        states = [state_text(EffectiveState.DISABLED) if one[DISABLED] else tr("in use") for one in (before, after)]
        lines.append(Change(field="status", label=tr("State"), before=states[0], after=states[1]))
    return tuple(lines)
