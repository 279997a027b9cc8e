"""One key as a line of a list, for every place that lists keys. Never its value. Pure."""

from bot.gateway.models import EffectiveState, Key, ModelAccess
from bot.gateway.numbers import shown_number
from bot.keys.text import NO_MODEL, left_text, lifetime_text, quota_bar, state_text
from bot.languages import said, tr, trc
from bot.slack.blocks import Block, bold_name, button, code, dated, mention, section

SHOW = "key.show"
_MARKS = {
    EffectiveState.ACTIVE: ":large_green_circle:",
    EffectiveState.DISABLED: ":red_circle:",
    EffectiveState.EXPIRED: ":white_circle:",
    EffectiveState.EXHAUSTED: ":large_yellow_circle:",
    EffectiveState.OVERDRAWN: ":large_yellow_circle:",
    EffectiveState.UNKNOWN: ":question:",
}


def badge(state: EffectiveState) -> str:
    """The state of a key, with its mark."""
    return f"{_MARKS[state]} {state_text(state)}"


def row(key: Key, *, now: float, owner: str | None, units_per_usd: int, locked: str = "", refilled: str = "") -> Block:
    """One key of a list, with a button to its window. `locked`: why it is locked and what brings it back. `refilled`:
    by its allowance.
    """
    left = left_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=units_per_usd)
    whose = f" · {mention(owner)}" if owner else ""
    text = (
        f"{bold_name(key.name)} · {tr('key {number}', number=shown_number(key.id))} · {code(key.last_four)}\n"
        f"{badge(key.state(now))} · {left} · {dated(lifetime_text(key.expired_time, now=now))}{whose}"
    )
    text = f"{text}\n{bar}" if (bar := quota_bar(key)) else text
    text = f"{text}\n:repeat: {refilled}" if refilled else text
    text = f"{text}\n:warning: {said(NO_MODEL)}" if key.model_access is ModelAccess.NOTHING else text
    text = f"{text}\n{locked}" if locked else text
    label = tr("Show key {number}", number=shown_number(key.id))
    return section(text, accessory=button(trc("button", "Show"), SHOW, value=str(key.id), label=label))
