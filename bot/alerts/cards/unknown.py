"""The one message for the alerts of a minute that name no key known here, however many they are. No clients."""

from collections.abc import Sequence

from bot.alerts.cards.call_lines import NOT_CALLED
from bot.alerts.cards.closing import not_ours_button
from bot.alerts.cards.origin import source_text
from bot.alerts.models import Alert, AlertStatus
from bot.languages import joined, tr, trc, trn
from bot.languages.formats import some_of
from bot.slack.blocks import Block, Message, actions, code, context, date, mention, section

UNKNOWN_ALERTS_SHOWN = 10
_FINDINGS_SHOWN = 3


def unknown_card(alerts: Sequence[Alert], number: int, *, minute: int) -> Message:
    """`alerts`: the first of them; `number`: of all; `minute` since 1970."""
    if number == 0:
        sentence = tr("The alerts that stood here have messages of their own by now: a key of this account was found.")
        return Message(sentence, [section(f":arrow_down: {sentence}")])
    sentence = trn(
        "{count} alert of one minute names no key that is known here.",
        "{count} alerts of one minute name no key that is known here.",
        number,
    )
    if any(alert.awaits_lookup for alert in alerts):
        sentence = trn(
            "{count} alert of one minute names keys that were not looked up yet.",
            "{count} alerts of one minute name keys that were not looked up yet.",
            number,
        )
    told, mark = joined(sentence, tr("Nothing was touched.")), ":question:"
    if alerts and all(alert.status is not AlertStatus.OPEN for alert in alerts):
        told, mark = (
            joined(sentence, tr("Not ours, says {who}.", who=mention(alerts[0].closed_by or ""))),
            ":white_check_mark:",
        )
    blocks: list[Block] = [section(f"{mark} {told}")]
    blocks.append(context("\n".join(_line(alert) for alert in alerts)))
    left = number - len(alerts)
    since = tr("Since {time}. If one turns out to be ours, it gets its own message.", time=date(minute * 60.0))
    small = [since]
    if left > 0:
        more = trn("{count} more of this minute is not shown.", "{count} more of this minute are not shown.", left)
        small = [more, since]
    blocks.append(context(" ".join(small)))
    if any(alert.is_foreign and alert.status is AlertStatus.OPEN for alert in alerts):
        blocks.append(section(NOT_CALLED))
        blocks.append(actions(not_ours_button(alerts[0])))
    return Message(sentence, blocks)


def _line(alert: Alert) -> str:
    found = [code(finding.masked_text) for finding in alert.unknown]
    keys = some_of(found, _FINDINGS_SHOWN) or trc("what an alert names", "nothing that looks like a key")
    by, source = mention(str(alert.place.get("shown_by", ""))), source_text(alert)
    if by:
        return tr(
            "Alert {number} from {source}: {keys}, reported by {who}",
            number=alert.id,
            source=source,
            keys=keys,
            who=by,
        )
    return tr("Alert {number} from {source}: {keys}", number=alert.id, source=source, keys=keys)
