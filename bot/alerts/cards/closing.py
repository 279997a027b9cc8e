"""The two ways to close an alert without touching a key, each where it can be true, with what it means. Pure."""

from bot.alerts.models import UNFETCHED, Alert
from bot.languages import tr, trc
from bot.slack.blocks import Block, button, confirm

FALSE_ALARM, NOT_OURS = "false_alarm", "not_ours"


def not_ours_button(alert: Alert) -> Block:
    """*Not ours*: the value is no key of our gateways."""
    sure = confirm(
        tr("Close it as not ours?"),
        tr(
            "You say: this value belongs to none of our gateways. The alert is closed and nothing is touched. If it "
            "turns out to be ours after all, the alert opens again."
        ),
        yes=trc("button: yes, it is no key of ours", "Not ours"),
    )
    return button(tr("Not ours"), NOT_OURS, value=str(alert.id), confirm=sure)


def false_alarm_button(alert: Alert) -> Block:
    """*False alarm*: it may be our key, but it did not leak."""
    sure = confirm(
        tr("Is it a false alarm?"),
        tr(
            "You say: the key is ours, or may be, but it did not leak, so it may go on working. The calls end, the "
            "alert is closed, and no key is touched. The record says that this was your decision."
        ),
        yes=trc("button: yes, it is a false alarm", "It is"),
    )
    return button(tr("False alarm"), FALSE_ALARM, value=str(alert.id), confirm=sure)


def closing_buttons(alert: Alert, *, untouched: bool) -> list[Block]:
    """`untouched`: nothing was done about its keys, so that it may still turn out to be no leak."""
    buttons = [not_ours_button(alert)] if alert.may_be_not_ours else []
    # Of what names no key of ours it cannot be said that a key of ours did not leak, unless nobody could look.
    names_ours = not alert.is_foreign or bool(alert.place.get(UNFETCHED))
    return [*buttons, *([false_alarm_button(alert)] if untouched and names_ours else [])]
