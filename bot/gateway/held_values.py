"""Values of keys that were just taken out of use: in memory, for the minutes of their proof. Never written or logged.

Where the gateway shows values, every record that is read back brings one, and asking again would spend calls that
people and kills need. Only the values of disabled keys are held.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from pydantic import SecretStr

from bot.gateway.models import Key, KeyStatus
from bot.gateway.records import PREFIX, core_of, is_masked

SECONDS = 180.0
_MOST = 5_000


class HeldValues:
    """Values of disabled keys, by key id, for the time of their proof. `clock` in Unix seconds."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._values: OrderedDict[int, tuple[float, SecretStr]] = OrderedDict()
        self._masked: OrderedDict[int, None] = OrderedDict()

    def notice(self, rows: Sequence[tuple[Key, str]]) -> None:
        """Take the values of disabled keys out of records that were read."""
        for key, raw in rows:
            if key.status != KeyStatus.DISABLED:
                self.drop(int(key.id))
            elif is_masked(raw):
                self._masked[int(key.id)] = None
                if len(self._masked) > _MOST:
                    self._masked.popitem(last=False)
            else:
                self.hold(int(key.id), SecretStr(PREFIX + core_of(raw)))

    def hold(self, key_id: int, value: SecretStr) -> None:
        """Keep a value that was revealed for the proof."""
        self._forget_old()
        self._values[key_id] = (self._clock() + SECONDS, value)
        self._values.move_to_end(key_id)
        if len(self._values) > _MOST:
            self._values.popitem(last=False)

    def of_key(self, key_id: int) -> SecretStr | None:
        """The value, None when it is not held (any more)."""
        self._forget_old()
        held = self._values.get(key_id)
        return None if held is None else held[1]

    def is_masked(self, key_id: int) -> bool:
        """Whether the record of this disabled key was read and does not show its value."""
        return key_id in self._masked

    def drop(self, key_id: int) -> None:
        """Forget the value: the proof is over, or the key is in use again."""
        self._values.pop(key_id, None)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._values and next(iter(self._values.values()))[0] <= now:
            self._values.popitem(last=False)
