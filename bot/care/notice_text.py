"""One crossing in a sentence or two, and what came of it."""

from collections.abc import Callable, Mapping

from bot.care.notice import CareOutcome, Crossing, Notice
from bot.languages import Sentence, joined, said, tr
from bot.slack.blocks import bold_name, date
from bot.units import format_money


def notice_text(notice: Notice, *, units_per_usd: int) -> str:
    """What its owner reads."""
    name = bold_name(notice.name)
    if notice.kind in {Crossing.LOW, Crossing.ANOMALY}:
        left, granted = format_money(notice.left, units_per_usd), format_money(notice.granted, units_per_usd)
        return _low(notice, name, left, granted) if notice.kind is Crossing.LOW else _anomaly(name, left, granted)
    return _TEXTS[notice.kind](notice, name)


def _expires(notice: Notice, name: str) -> str:
    return tr(":hourglass: Key {name} stops working {moment}.", name=name, moment=date(notice.expires))


def _ended(notice: Notice, name: str) -> str:
    moment = date(notice.expires)
    return tr(":no_entry: Key {name} has expired and no longer works: {moment}.", name=name, moment=moment)


def _dry(_notice: Notice, name: str) -> str:
    return tr(":no_entry: Key {name} has used up its quota. Its calls are refused.", name=name)


def _anomaly(name: str, per_hour: str, usual: str) -> str:
    return tr(
        ":rotating_light: Key {name} spends {amount} an hour; an hour of use usually costs {usual}.",
        name=name,
        amount=per_hour,
        usual=usual,
    )


def _low(notice: Notice, name: str, left: str, granted: str) -> str:
    text = tr(":warning: Key {name} has {left} left of {granted}.", name=name, left=left, granted=granted)
    refused = tr("Once the quota is used up, calls are refused.")
    if notice.dry_at is None:
        return joined(text, refused)
    return joined(text, tr("At this pace it runs dry about {moment}.", moment=date(notice.dry_at)), refused)


def _idle(notice: Notice, name: str) -> str:
    free = tr("Free calls are not counted.")
    if notice.billed:
        moment = date(notice.billed)
        text = tr(":zzz: Key {name} was billed last {moment}. Is it still needed?", name=name, moment=moment)
    else:
        text = tr(":zzz: Key {name} was never billed. Is it needed?", name=name)
    if not notice.due:
        return joined(text, free)
    due = tr("Without an answer it is disabled about {moment}, not deleted.", moment=date(notice.due))
    return joined(text, free, due)


def _unanswered(notice: Notice, name: str) -> str:
    text = tr(":no_entry: Key {name} was idle, nobody said that it is needed, and it is disabled now.", name=name)
    return joined(text, tr("One click brings it back until {moment}.", moment=date(notice.due)))


_TEXTS: Mapping[Crossing, Callable[[Notice, str], str]] = {
    Crossing.EXPIRES: _expires,
    Crossing.ENDED: _ended,
    Crossing.DRY: _dry,
    Crossing.IDLE: _idle,
    Crossing.UNANSWERED: _unanswered,
}

_OUTCOMES: Mapping[CareOutcome, Sentence] = {
    CareOutcome.ENDS_LATER: tr(":white_check_mark: It ends later now."),
    CareOutcome.HAS_MORE: tr(":white_check_mark: It has more quota now."),
    CareOutcome.STOPPED: tr("It is out of use now."),
    CareOutcome.GONE: tr("It is deleted."),
    CareOutcome.GIVEN: tr("It belongs to somebody else now."),
    CareOutcome.IN_USE: tr(":white_check_mark: It is in use again, so nobody needs to answer."),
    CareOutcome.KEPT: tr(":white_check_mark: It is kept. If it stays idle, this is asked again after the same time."),
    CareOutcome.NOT_ASKED: tr("The policy no longer asks about idle keys, so nobody needs to answer."),
    CareOutcome.ENABLED: tr(":white_check_mark: It is enabled again."),
    CareOutcome.CALM: tr(":white_check_mark: It spends as usual again."),
    CareOutcome.MINE: tr(":white_check_mark: Its owner knows of it. Nothing is said about this key for 24 hours."),
    CareOutcome.LATE: tr(
        "The time to take this back with one click is over; the key can still be enabled as any other."
    ),
}


def outcome_text(outcome: CareOutcome) -> str:
    """Why there is nothing left to do."""
    return said(_OUTCOMES[outcome])
