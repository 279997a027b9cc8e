"""What a card says of later alerts about its keys, and an alert of the cards that show its keys. No clients."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.alerts.cards.origin import sighting_text
from bot.alerts.models import Alert
from bot.gateway.numbers import shown_number
from bot.languages import tr, trn
from bot.languages.formats import with_commas
from bot.slack.blocks import Block, Message, context, date, section

SIGHTINGS_SHOWN = 6


class Sightings(NamedTuple):
    """Later alerts about the keys of a card: the newest of them, how many there are, when the last one came."""

    newest: Sequence[Alert]
    number: int
    last: float


def seen_text(number: int, last: float) -> str:
    """How often a key was seen and when last. `number`: of sightings beside the first."""
    return trn("Seen {count} time, last {time}.", "Seen {count} times, last {time}.", number + 1, time=date(last))


def sighting_blocks(seen: Sightings | None) -> list[Block]:
    """Where else the keys of a card were seen."""
    if seen is None or not seen.number:
        return []
    lines = [f":mag: *{seen_text(seen.number, seen.last)}*", *(sighting_text(one) for one in seen.newest)]
    left = seen.number - len(seen.newest)
    if left > 0:
        lines.append(trn("{count} earlier one is not shown.", "{count} earlier ones are not shown.", left))
    return [section("\n".join(lines))]


def elsewhere_blocks(alert: Alert) -> list[Block]:
    """Which other alerts' cards show keys that this one names too."""
    if not alert.elsewhere:
        return []
    return [context(_elsewhere_text(alert))]


def _elsewhere_text(alert: Alert) -> str:
    keys = with_commas(tr("key {number}", number=shown_number(key_id)) for key_id in sorted(alert.elsewhere))
    cards = with_commas(tr("alert {number}", number=number) for number in sorted(set(alert.elsewhere.values())))
    return tr("It names {keys} too: see the card of {alerts}.", keys=keys, alerts=cards)


def joined_card(alert: Alert) -> Message:
    """What is left of a card whose keys another card shows by now."""
    cards = with_commas(tr("alert {number}", number=number) for number in sorted(set(alert.elsewhere.values())))
    sentence = tr(
        ":arrow_up: Alert {number} is about a key that was reported before: it is on the card of {alerts}.",
        number=alert.id,
        alerts=cards,
    )
    return Message(sentence, [context(sentence)])
