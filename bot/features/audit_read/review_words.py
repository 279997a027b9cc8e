"""What lines of the record say of reviews: of keys, and of what was done before anybody approved it. Pure."""

from collections.abc import Callable, Mapping

from bot.audit import Fact
from bot.features.audit_read.line import Line
from bot.languages import tr, trn

_DECISIONS = {
    "keep": tr("{who} kept the key in key review {review}"),
    "shrink": tr("{who} had its quota lowered in key review {review}"),
    "disable": tr("{who} had the key disabled in key review {review}"),
    "silence": tr("Nobody decided about the key in key review {review}, so it is disabled"),
    "left": tr("The key left the list of key review {review}"),
    "undo": tr("{who} undid what key review {review} had disabled"),
}
_DECIDED = tr("{who} decided about the key in key review {review}")


def _started(line: Line) -> str:
    return trn(
        "Key review {review} began with {count} key",
        "Key review {review} began with {count} keys",
        line.number("keys"),
        review=line.part("review"),
    )


def _decided(line: Line) -> str:
    """A decision that this version does not know makes a shorter sentence."""
    return _DECISIONS.get(line.part("decision"), _DECIDED).filled(who=line.who, review=line.part("review"))


def _closed(line: Line) -> str:
    return tr("Key review {review} is closed: every key is decided", review=line.part("review"))


REVIEW_WORDS: Mapping[str, Callable[[Line], str]] = {
    Fact.REVIEWED: lambda line: tr("{who} reviewed what was done", who=line.who),
    Fact.REVIEW_STARTED: _started,
    Fact.REVIEW_DECIDED: _decided,
    Fact.REVIEW_CLOSED: _closed,
}
