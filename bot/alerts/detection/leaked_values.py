"""Key values that an alert brought: in memory, for the minutes in which the proof may need them. Never written.

Where the gateway shows values, the proof asks it again and needs none of this; where it hides them, the leaked value
itself is the only thing that can be tried. After a restart it is gone, and the card says that it could not be tried.
"""

from collections import OrderedDict
from collections.abc import Callable

from pydantic import SecretStr

SECONDS = 15 * 60.0
_MOST = 1_000


class LeakedValues:
    """By fingerprint, then by key. `clock` in Unix seconds."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._values: OrderedDict[int, tuple[float, SecretStr]] = OrderedDict()
        self._fingerprints: OrderedDict[int, int] = OrderedDict()

    def keep(self, fingerprint: int, core: str) -> None:
        """Remember a full value under its fingerprint for a while."""
        self._forget_old()
        self._values[fingerprint] = (self._clock() + SECONDS, SecretStr(f"sk-{core}"))
        self._values.move_to_end(fingerprint)
        if len(self._values) > _MOST:
            self._values.popitem(last=False)

    def bind(self, key_id: int, fingerprint: int) -> None:
        """Say whose value it is: the key is about to be disabled."""
        self._fingerprints[key_id] = fingerprint
        self._fingerprints.move_to_end(key_id)
        if len(self._fingerprints) > _MOST:
            self._fingerprints.popitem(last=False)

    def of_key(self, key_id: int) -> SecretStr | None:
        """The value of a bound key, None when it is not held any more."""
        self._forget_old()
        held = self._values.get(self._fingerprints.get(key_id, -1))
        return None if held is None else held[1]

    def _forget_old(self) -> None:
        now = self._clock()
        while self._values and next(iter(self._values.values()))[0] <= now:
            self._values.popitem(last=False)
