"""How much one person may ask of the bot in a minute, so that nobody keeps it from the others. Counted per process.

Three shares: what stops a key (`urgent` names) has one of its own, which other clicks cannot use up; typing into an
open form has a large one, and what is over it is passed over in silence; everything else has the ordinary one.
"""

from collections.abc import Callable
from enum import Enum

from bot.errors import TooMuch
from bot.languages import trn
from bot.slack.delivery import Delivery, Kind
from bot.slack.rate_limits import CallWindows
from bot.typed_text import first_word

# As parts of the ordinary share: typing is a delivery a letter, and in an incident somebody clicks fast.
TYPING_SHARE, URGENT_SHARE = 10, 4
_COUNTED = frozenset(
    {Kind.COMMAND, Kind.ACTION, Kind.SHORTCUT, Kind.MESSAGE_SHORTCUT, Kind.OPTIONS, Kind.VIEW_SUBMISSION}
)


class Share(Enum):
    """Of what a delivery takes a part."""

    ORDINARY = 1
    TYPING = TYPING_SHARE
    URGENT = URGENT_SHARE


class PersonLimits:
    """`per_minute`: the ordinary share. `urgent`: command words, action ids and callback ids that stop a key."""

    def __init__(self, *, per_minute: int, urgent: frozenset[str], clock: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._urgent = urgent
        self._windows = CallWindows(clock=clock)

    def admit(self, delivery: Delivery, *, typing: bool) -> bool:
        """Count a delivery. False: too much typing, which is passed over. Raises TooMuch for everything else."""
        if delivery.kind not in _COUNTED or not delivery.user_id:
            return True
        share = self._share(delivery, typing=typing)
        most = self._per_minute * share.value
        if self._windows.take((delivery.user_id, share), per_minute=most):
            return True
        if share is Share.TYPING:
            return False
        raise TooMuch(
            trn(
                "That is more than {count} command or click in a minute, so this one was left out and nothing was "
                "changed. There is room for you again in a moment; try it once more then.",
                "That is more than {count} commands and clicks in a minute, so this one was left out and nothing was "
                "changed. There is room for you again in a moment; try it once more then.",
                most,
            )
        )

    def _share(self, delivery: Delivery, *, typing: bool) -> Share:
        if delivery.kind is Kind.COMMAND:
            named = {first_word(delivery.text)[0]}
        else:
            named = {delivery.action_id} if delivery.kind is Kind.ACTION else {delivery.action_id, delivery.callback_id}
        if named & self._urgent:
            return Share.URGENT
        return Share.TYPING if typing or delivery.kind is Kind.OPTIONS else Share.ORDINARY
