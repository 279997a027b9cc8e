"""The one message for the alerts of a minute that name no key known here, however many they are. No clients."""

from collections.abc import Sequence

from bot.alerts.cards.card import SOURCES
from bot.alerts.models import Alert
from bot.slack.blocks import Block, Message, code, context, date, mention, section

UNKNOWN_ALERTS_SHOWN = 10
_FINDINGS_SHOWN = 3


def unknown_card(alerts: Sequence[Alert], number: int, *, minute: int) -> Message:
    """`alerts`: the first of them; `number`: of all; `minute` since 1970."""
    if number == 0:
        sentence = "The alerts that stood here have messages of their own by now: a key of this account was found."
        return Message(sentence, [section(f":arrow_down: {sentence}")])
    waiting = any(alert.awaits_lookup for alert in alerts)
    what = "name keys that were not looked up yet" if waiting else "name no key that is known here"
    sentence = f"{number:,} alerts of one minute {what}."
    blocks: list[Block] = [section(f":grey_question: {sentence} Nothing was touched.")]
    blocks.append(context("\n".join(_line(alert) for alert in alerts)))
    left = number - len(alerts)
    small = f"{left:,} more of this minute are not shown. " if left > 0 else ""
    blocks.append(context(f"{small}Since {date(minute * 60.0)}. If one turns out to be ours, it gets its own message."))
    return Message(sentence, blocks)


def _line(alert: Alert) -> str:
    found = [code(finding.masked_text) for finding in alert.unknown[:_FINDINGS_SHOWN]]
    more = len(alert.unknown) - len(found)
    keys = ", ".join(found) + (f" and {more} more" if more > 0 else "") or "nothing that looks like a key"
    by = str(alert.place.get("shown_by", ""))
    reported = f", reported by {mention(by)}" if by else ""
    return f"Alert {alert.id} from {SOURCES.get(alert.source, alert.source)}: {keys}{reported}"
