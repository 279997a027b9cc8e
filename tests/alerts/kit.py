"""Values for tests of the alerts room. Keys look like keys and are made from a seed."""

import random
import string

from pydantic import SecretStr

from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry, KeyIndex
from bot.alerts.detection.scanner import Candidate

SECRET = SecretStr("not-a-secret")
NOW = 1_790_000_000.0
ALPHABET = string.ascii_letters + string.digits


def core(seed: int) -> str:
    """48 characters."""
    return "".join(random.Random(seed).choices(ALPHABET, k=48))


def index_of(*cores: str, hidden: tuple[str, ...] = ()) -> KeyIndex:
    """An index of keys 1, 2, …; of `hidden` ones the value is not known."""
    prints = Fingerprints(SECRET)
    index = KeyIndex(prints)
    known = [IndexEntry(number, hint_of(one), prints.of(one)) for number, one in enumerate(cores, 1)]
    unknown = [IndexEntry(number, hint_of(one), None) for number, one in enumerate(hidden, len(cores) + 1)]
    index.put([*known, *unknown])
    return index


def hint_of(value: str) -> str:
    return value[:4] + value[-4:]


def candidate(value: str) -> Candidate:
    return Candidate(value, hint_of(value), telling=True)
