"""An error becomes one sentence for the person and one line for the log. Knows no Slack payload.

What reaches Slack is a BotError's own sentence or a fixed one; never an exception's text, which may hold anything.
The short reference stands in both places, so that support begins with it.
"""

import logging
import secrets

from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from bot.errors import BotError, UserError
from bot.languages import english, tr

logger = logging.getLogger(__name__)

# No letters or digits that look alike when read aloud or copied from a screenshot.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE_LENGTH = 6
# The second is what a transaction meets whose connection was cut while others of its group had their turn.
_DATABASE = (DBAPIError, PendingRollbackError, NoConnectionFree)


def reference() -> str:
    """A short random word to find one line of the log again."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_REFERENCE_LENGTH))


def report(error: BaseException, *, doing: str) -> str:
    """Log `error`, met while `doing` (ids only, nothing typed), and return the sentence for the person."""
    if isinstance(error, UserError):
        logger.info("%s: told the person: %s (%s)", doing, english(error.sentence), type(error).__name__)
        return error.sentence
    found = reference()
    if isinstance(error, BotError):
        told = english(error.sentence)
        logger.warning("%s: %s: %s; reference %s", doing, type(error).__name__, told, found, exc_info=error)
        return tr("{sentence} Reference {reference}.", sentence=error.sentence, reference=found)
    logger.error("%s: unexpected %s; reference %s", doing, type(error).__name__, found, exc_info=error)
    if isinstance(error, _DATABASE):
        # Full, away, locked or busy. Whether it kept the change is not always known; ids make a second try the same.
        return tr(
            "Our database did not take that. Please try again in a minute; twice does no harm. Reference {reference}.",
            reference=found,
        )
    return tr("Something went wrong on our side. Reference {reference}.", reference=found)
