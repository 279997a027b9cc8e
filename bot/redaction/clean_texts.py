"""Short texts in which nothing secret was found, so that each is looked at once. Knows no forms.

A form, the window that takes its place, the card and the rows of one request say the same hundred texts, and most of
them are words of ours. What was found holds for the secrets that were known then: with others all is looked at anew.
Texts are kept in memory only, where a text of the same payload is anyway.
"""

from collections.abc import Hashable

from bot.redaction.known import SHORTEST, known_version

MOST, LONGEST = 4_096, 300


# By `wide`. A set of its own for what is known at one time, so that a look that began before marks nothing after it.
_kept: dict[bool, tuple[Hashable, set[str]]] = {}


def clean_texts(*, wide: bool) -> set[str]:
    """Texts in which a look that begins now would find nothing. Ask before the look, and `keep` in the same set."""
    version = known_version()
    kept = _kept.get(wide)
    if kept is None or kept[0] != version or len(kept[1]) >= MOST:
        kept = _kept[wide] = (version, set())
    return kept[1]


def keep(texts: set[str], *found: str) -> None:
    """Nothing secret is in these."""
    texts.update(str(text) for text in found if len(text) <= LONGEST)


def unseen(value: object, clean: set[str]) -> list[str] | None:
    """The texts and names in JSON that were not looked at; None for what is no JSON."""
    found: list[str] = []
    rest = [value]
    for item in rest:  # which grows by what is in each
        if isinstance(item, str):
            if item not in clean and len(item) >= SHORTEST:
                found.append(item)
        elif isinstance(item, dict):
            rest += item
            rest += item.values()
        elif isinstance(item, (list, tuple)):
            rest += item
        elif item is not None and not isinstance(item, (int, float)):
            return None
    return found
