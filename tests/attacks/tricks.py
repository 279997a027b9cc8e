"""A secret, and the ways in which people write one by accident or on purpose. Shared by the tests of this folder."""

from collections.abc import Callable

CORE = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzA1bC2dE3fG4hJ5k"


def _key(secret: str) -> str:
    """Keys are written with `sk-`; our own secrets have no such beginning."""
    return f"sk-{secret}" if secret == CORE else secret


def _wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


TRICKS: dict[str, Callable[[str], str]] = {
    "plain": _key,
    "without its beginning": lambda secret: secret,
    "zero-width space": lambda secret: f"{_key(secret)[:20]}\u200b{_key(secret)[20:]}",
    "zero-width joiner": lambda secret: f"{_key(secret)[:9]}\u200d{_key(secret)[9:]}",
    "soft hyphen": lambda secret: f"{_key(secret)[:12]}\u00ad{_key(secret)[12:]}",
    "direction mark": lambda secret: f"\u202e{_key(secret)[:7]}\u2066{_key(secret)[7:]}",
    "glued to a word": lambda secret: f"key{_key(secret)}",
    "broken over lines": lambda secret: f"{_key(secret)[:14]}\n{_key(secret)[14:]}",
    "in pieces": lambda secret: " ".join(_key(secret)[at : at + 10] for at in range(0, len(_key(secret)), 10)),
    "in quoted pieces": lambda secret: f"'{_key(secret)[:12]}' + '{_key(secret)[12:]}'",
    "as a quotation": lambda secret: f"> {_key(secret)[:12]}\n> {_key(secret)[12:]}",
    "with a backslash at the line's end": lambda secret: f"{_key(secret)[:12]}\\\n{_key(secret)[12:]}",
    "in wide letters": lambda secret: _wide(_key(secret)),
    "in bold": lambda secret: f"*{_key(secret)}*",
    "in a sentence of mark-up": lambda secret: f"`{_key(secret)}`</code>",
}
