"""A language that nobody speaks, to find what is not translated: every letter of a translated text looks foreign.

`pseudo("Disable key {name}")` is `⟦Ďíśáƀĺé ķéý {name}ꞏꞏꞏꞏꞏꞏꞏ⟧`: 40 % longer, and `plain` gives the English back, so that
a scenario runs as it does in English while what really went to Slack is looked at (`Watch`). Letters that are still
plain are a text that does not go through `tr`, or something that people typed; arguments stand between isolates.
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.languages.catalog import FSI, PDI
from bot.languages.language import _OWN_NAMES as OWN_NAMES
from bot.slack.form_problem import PROBLEM
from tests.languages.sources import all_asked

_LOOKS = "áƀćđéƒǵĥíĵķĺḿńóṕɋŕśťúṽŵẋýźÁɃĆĐÉƑǴĤÍĴĶĹḾŃÓṔɊŔŚŤÚṼŴẊÝŹ"
_TO = str.maketrans(string.ascii_letters, _LOOKS)
_FROM = str.maketrans(_LOOKS, string.ascii_letters)
_PIECES = re.compile(r"(`[^`]*`|<[^<>]*>|\{[a-z_]+\}|:[a-z_]+:)")
LRI = "\u2066"
_PADDING = "ꞏ"
# What is no text of ours: code, entities, emoji codes, addresses, quotations of people, arguments.
_NOT_OURS = re.compile(
    r"```.*?```|`[^`]*`|<[^<>]*>|:[a-z0-9_+-]+:|https?://\S+|^(?:> |&gt; )[^\n]*$|[“‘][^”’]*[”’]",
    re.MULTILINE | re.DOTALL,
)
# Longer than a title in another language should have to fit; test_catalogs.py measures it in those that there are.
FITTING = ("Approve with changes",)
_FITS = tuple(f"⟦{text}" for text in FITTING)
# Between them stand texts of their own.
_PARTS = re.compile(r"[\n·*→]")
_WORD = re.compile(r"[A-Za-z]{2,}")
# What the scenarios' gateway, policies and sources of alerts say in words of their own.
_DATA = re.compile(
    r"Cheaper, for those who asked \(0\.8\)|The payment team looks after its keys\.|A new incident has been detected\.|closed-last-year|"
    r"(?:Webhook|GitGuardian|Alertmanager|GitHub): [^·\n]*|A key is used from a network it never came from|"
    r"[A-Z][^.]* channel only\.|^production · "
)
# Names of things that stand alone in Slack and are the same in every language.
_NAMES = frozenset(
    [
        "keydesk",
        "sk",
        "slack",
        "api",
        "apikey",
        "ip",
        "ips",
        "utc",
        "url",
        "usd",
        "id",
        "dm",
        "cometapi",
        "openai",
        "curl",
        "python",
        "github",
        "gitguardian",
    ]
)
_SHOWN = frozenset(
    {"text", "label", "title", "submit", "close", "hint", "placeholder", "description", "confirm", "deny"}
)


def pseudo(text: str) -> str:
    """The text as the pseudo-language has it."""
    parts = _PIECES.split(text)
    foreign = "".join(part if at % 2 else part.translate(_TO) for at, part in enumerate(parts))
    return f"⟦{foreign}{_PADDING * (len(text) * 2 // 5)}⟧"


def plain(text: str) -> str:
    """The English text that a pseudo text was made of."""
    kept, ours = [], []
    for char in text:
        if char in {LRI, FSI}:
            ours.append(char == LRI)
        if char == LRI or (char == PDI and ours and ours.pop()):
            continue  # around an argument; what the bot itself puts around names stays
        kept.append(char)
    return re.sub(f"[⟦⟧{_PADDING}]", "", "".join(kept)).translate(_FROM)


class PseudoCatalog:
    """Every sentence there is, with its arguments between isolates."""

    def one(self, message: str, context: str = "") -> str:
        """Command words are data, not sentences."""
        return message if context.startswith("words for a command") else _isolated(pseudo(message))

    def many(self, singular: str, plural: str, count: int) -> str:
        return _isolated(pseudo(singular if count == 1 else plural))


def _isolated(text: str) -> str:
    return re.sub(r"\{[a-z_]+\}", lambda found: f"{LRI}{found[0]}{PDI}", text)


def vocabulary() -> frozenset[str]:
    """The words of all sentences of the code."""
    texts = [text or "" for one in all_asked() for text in one.texts]
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text)) - _NAMES


def messages() -> frozenset[str]:
    """All sentences and labels of the code."""
    return frozenset(text or "" for one in all_asked() for text in one.texts)


@dataclass
class Watch:
    """What went to Slack. `english`: texts with a whole message of ours, or three words that stand in some; `cut`: labels that were cut."""

    words: frozenset[str] = field(default_factory=vocabulary)
    messages: frozenset[str] = field(default_factory=messages)
    english: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def look(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Look at all of it; returns the same in English."""
        for text in _texts(_first_said(content)):
            self._judge(text)
        return {name: _plain(item) for name, item in content.items()}

    def _judge(self, text: str) -> None:
        if text.startswith("⟦") and "⟧" not in text and not text.translate(_FROM).startswith(_FITS):
            self.cut.append(text)
        ours = _NOT_OURS.sub(" ", _DATA.sub(" ", _without_arguments(text))).strip()
        if ours in OWN_NAMES.values() or (len(ours.split()) == 1 and ours not in self.messages):
            return  # a name that stands alone: of a key, a model, a group, a language
        for piece in _PARTS.split(ours):
            words = [word.lower() in self.words for word in _WORD.findall(piece)]
            if piece.strip() in self.messages or any(all(words[at : at + 3]) for at in range(len(words) - 2)):
                self.english.append(text)
                return


def _first_said(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what Slack brought back: a form with a problem at its top holds its other blocks as they were sent."""
    view = content.get("view")
    blocks = view.get("blocks", []) if isinstance(view, Mapping) else []
    problem = [block for block in blocks if block.get("block_id") == PROBLEM]
    return {"blocks": problem} if problem else content


def _without_arguments(text: str) -> str:
    """The text without what stands between isolates, which may stand inside each other."""
    kept, depth = [], 0
    for char in text:
        depth += (char in {LRI, FSI}) - (char == PDI)
        if depth == 0 and char != PDI:
            kept.append(char)
    return "".join(kept)


def _texts(item: Any, name: str = "") -> Iterator[str]:
    if isinstance(item, Mapping):
        if item.get("type") == "rich_text_preformatted":
            return  # a program
        for key, value in item.items():
            if isinstance(value, str):
                if key in _SHOWN:
                    yield value
            elif key != "metadata":
                yield from _texts(value, key)
    elif isinstance(item, list | tuple):
        for value in item:
            yield from _texts(value, name)


def _plain(item: Any) -> Any:
    if isinstance(item, str):
        return plain(item)
    if isinstance(item, Mapping):
        return {name: _plain(value) for name, value in item.items()}
    return [_plain(value) for value in item] if isinstance(item, list | tuple) else item
