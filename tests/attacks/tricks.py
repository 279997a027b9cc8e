"""A secret, and the ways in which people write one by accident or on purpose. Shared by the tests of this folder."""

import base64
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
    "with a dash that is no hyphen": lambda secret: _key(secret).replace("-", "\u2013"),
    "percent-encoded": lambda secret: "".join(f"%{ord(char):02X}" for char in _key(secret)),
    "percent-encoded twice": lambda secret: "".join(f"%25{ord(char):02X}" for char in _key(secret)),
    "its signs percent-encoded": lambda secret: _signs(secret, "%{:02x}"),
    "its signs as escapes of JSON": lambda secret: _signs(secret, "\\u{:04x}"),
    "its signs as escapes of Python": lambda secret: _signs(secret, "\\x{:02x}"),
    "its signs as numbers of HTML": lambda secret: _signs(secret, "&#{};"),
    "its signs as hexadecimal numbers of HTML": lambda secret: _signs(secret, "&#x{:x};"),
    "at the end of a long path": lambda secret: f"https://api.example.com/v1/projects/production/keys/{secret}",
    "in base64": lambda secret: _base64(_key(secret)),
    "in base64 behind a path": lambda secret: f"path/{_base64(_key(secret))}",
    "in base64 one character later": lambda secret: f"a{_base64(_key(secret))}",
    "in base64 two characters later": lambda secret: f"to{_base64(_key(secret))}",
    "in base64 three characters later": lambda secret: f"key{_base64(_key(secret))}",
    "in base64 of base64": lambda secret: _base64(_base64(_key(secret))),
    "in hexadecimal digits": lambda secret: _key(secret).encode().hex(),
    "in hexadecimal digits with colons": lambda secret: _key(secret).encode().hex(":").upper(),
    "in hexadecimal digits, as a dump": lambda secret: _key(secret).encode().hex(" "),
    "in hexadecimal digits, as source code": lambda secret: ", ".join(
        f"0x{byte:02x}" for byte in _key(secret).encode()
    ),
    "in base64 of UTF-16": lambda secret: base64.b64encode(_key(secret).encode("utf-16-le")).decode(),
    "in hexadecimal digits of UTF-16": lambda secret: _key(secret).encode("utf-16").hex(),
    "struck through": lambda secret: "".join(f"{char}\u0336" for char in _key(secret)),
    "in base32": lambda secret: base64.b32encode(_key(secret).encode()).decode(),
    "in small base32": lambda secret: base64.b32encode(_key(secret).encode()).decode().rstrip("=").lower(),
    "without its beginning on two lines": lambda secret: f"{secret[:24]}\n{secret[24:]}",
    "without its beginning on two lines after a word": lambda secret: f"please {secret[:24]}\n{secret[24:]} thanks",
}
# What is seen through when the key is one of the account, whose ends and fingerprint are known.
TRICKS_WITH_A_KNOWN_KEY: dict[str, Callable[[str], str]] = {
    "glued to a word before": lambda core: f"KEY{core}",
    "glued to letters behind": lambda core: f"{core}xx",
    "glued on both sides in a path": lambda core: f"https://x.test/AbCdEfGhIjKlMnOpQrStUvWxYz0123/a{core}b/c",
    "in three pieces": lambda core: f"{core[:15]} + {core[15:31]} + {core[31:]}",
    "a space between its characters": " ".join,
    "a dash between its characters": "-".join,
    "a dot between its characters": ".".join,
    "a comma and a space between its characters": ", ".join,
    "a picture between its characters": "\U0001f642".join,
    "in pairs": lambda core: " ".join(core[at : at + 2] for at in range(0, len(core), 2)),
    "with accents": lambda core: "".join(f"{char}\u0301" for char in core),
    "its first twenty characters": lambda core: core[:20],
    "its first half": lambda core: core[:24],
    "its last twenty characters": lambda core: core[-20:],
    "all but its beginning": lambda core: core[5:],
    "all but its end": lambda core: f"({core[:-3]})",
}


def _signs(secret: str, form: str) -> str:
    return "".join(char if char.isalnum() else form.format(ord(char)) for char in _key(secret))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")
