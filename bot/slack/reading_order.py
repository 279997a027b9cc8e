"""Which way a line is read: by the language of its sentence, not by the name that it begins with. Knows no block.

Clients read a line from the side of its first strong letter, also where that letter stands inside an isolate or inside
a mention, whose name only they know. So a mark of the sentence's own direction comes before a name that begins a line.
"""

import re

from bot.languages import current

_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
_ISOLATE = "\u2068"
# What may stand before the name and has no direction: signs, digits, emoji. A quotation is read as its own words are.
_NAME_FIRST = re.compile(
    rf"^(?!&gt;|>)(?::[a-z0-9_+'-]+:|[^\w<\u2066-\u2069\u200e\u200f\n]|\d|_)*+(?=<@|<!subteam|{_ISOLATE})", re.MULTILINE
)
_FROM_THE_RIGHT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def in_reading_order(text: str) -> str:
    """Mrkdwn of which each line that begins with somebody's name is read like the sentence around it."""
    return _NAME_FIRST.sub(_led, text) if "<" in text or _ISOLATE in text else text


def _led(found: re.Match[str]) -> str:
    right = current().right_to_left
    name = found.string[found.end() : found.end() + 2]
    if name.startswith(_ISOLATE) and bool(_FROM_THE_RIGHT.search(name)) is right:
        return found[0]
    return found[0] + (_RIGHT_TO_LEFT if right else _LEFT_TO_RIGHT)
