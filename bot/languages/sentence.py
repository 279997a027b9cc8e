"""`tr`, `trn`, `trc`: a sentence as a value that is a str in the language of the moment.

A row keeps `{"say": English, "with": {…}}` in place of the text (`StoredText`), so that whoever reads the row gets it
in their language; texts of people and rows of older versions stay strings and are shown as they are. A sentence of the
policy file is in no catalogue: it holds its own translations (`of_own`), also in a row.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any, LiteralString, Self

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from bot.languages.language import ENGLISH, Language, current, speaking
from bot.languages.lists import listed

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# What a row keeps of a number in a sentence; everything else is kept as text.
_PLAIN = (int, float, bool)
# The context of a list (formats.py): its message is the style, its arguments are the things.
LIST = "list of things"
_NONE: Mapping[str, str] = {}


class Sentence(str):
    """A text in the language in which it was made, with what it was made of. As a str it is that text."""

    __slots__ = ("_language", "arguments", "context", "message", "number", "own", "plural")
    _language: Language
    message: str
    arguments: Mapping[str, object]
    plural: str
    number: int
    context: str
    own: Mapping[str, str]

    def __new__(
        cls,
        message: str,
        arguments: Mapping[str, object],
        *,
        plural: str = "",
        number: int = 0,
        context: str = "",
        own: Mapping[str, str] = _NONE,
    ) -> Self:
        language = current()
        text = own.get(language.tag, message) if own else _text(message, arguments, plural, number, context)
        self = super().__new__(cls, text)
        self._language = language
        self.message, self.arguments = message, arguments
        self.plural, self.number, self.context, self.own = plural, number, context, own
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.stored(),)

    def again(self) -> "Sentence":
        """The same in the language of the moment; it is shown several times, mostly in the language it was made in."""
        if self._language is current():
            return self
        return Sentence(
            self.message,
            self.arguments,
            plural=self.plural,
            number=self.number,
            context=self.context,
            own=self.own,
        )

    def filled(self, **arguments: object) -> "Sentence":
        """A constant that was written without its arguments, with them, in the language of the moment."""
        return Sentence(self.message, arguments, context=self.context)

    def with_texts(self, change: Callable[[str], str]) -> "Sentence":
        """The same with each text in it changed, such as made harmless for mrkdwn; sentences in it stay sentences."""
        arguments = {
            name: value.with_texts(change) if isinstance(value, Sentence) else change(str(value))
            for name, value in self.arguments.items()
        }
        own = {tag: change(text) for tag, text in self.own.items()}
        message = change(self.message) if own else self.message
        return Sentence(message, arguments, plural=self.plural, number=self.number, context=self.context, own=own)

    def stored(self) -> dict[str, Any]:
        """What a row keeps: JSON."""
        kept: dict[str, Any] = {"say": self.message}
        if self.arguments:
            kept["with"] = {name: _stored_argument(value) for name, value in self.arguments.items()}
        if self.plural:
            kept |= {"plural": self.plural, "count": self.number}
        if self.context:
            kept["context"] = self.context
        if self.own:
            kept["own"] = dict(self.own)
        return kept


def tr(message: LiteralString, /, **arguments: object) -> Sentence:
    """The sentence in the language of the moment, each `{name}` replaced by the argument of that name."""
    return Sentence(message, arguments)


def trn(singular: LiteralString, plural: LiteralString, count: int, /, **arguments: object) -> Sentence:
    """The form for `count`, which is also the placeholder `{count}`."""
    return Sentence(singular, arguments, plural=plural, number=count)


def trc(context: LiteralString, message: LiteralString, /, **arguments: object) -> Sentence:
    """`tr` for a text whose meaning translators cannot see: `context` says in English where it stands."""
    return Sentence(message, arguments, context=context)


def of_own(texts: Mapping[str, str]) -> Sentence:
    """A sentence that somebody wrote in several languages, by their tags; `en` is among them and is for all others."""
    return Sentence(texts["en"], {}, own=texts)


def said(text: str) -> str:
    """A text as the reader of the moment gets it: a Sentence in their language, everything else as it is."""
    return text.again() if isinstance(text, Sentence) else text


def joined(*texts: str) -> str:
    """Whole sentences one after the other, as one text that a row keeps like a sentence; empty ones are left out."""
    whole = ""
    for text in texts:
        whole = (
            trc("two sentences in a row", "{first} {second}", first=whole, second=text)
            if whole and text
            else (whole or text)
        )
    return whole


def english(text: str) -> str:
    """A text for the record and the log, which are English."""
    if not isinstance(text, Sentence):
        return text
    with speaking(ENGLISH):
        return str(text.again())


def english_all(value: Any) -> Any:
    """The same for every text inside of JSON."""
    if isinstance(value, str):
        return english(value)
    if isinstance(value, Mapping):
        return {name: english_all(item) for name, item in value.items()}
    return [english_all(item) for item in value] if isinstance(value, list | tuple) else value


def to_stored(text: str) -> str | dict[str, Any]:
    """What a row keeps of a text."""
    return text.stored() if isinstance(text, Sentence) else text


def from_stored(kept: Any) -> str:
    """The text of a row, in the language of the moment. Raises ValueError for what no row of ours holds."""
    if isinstance(kept, str):
        return kept
    if not isinstance(kept, Mapping) or not isinstance(kept.get("say"), str):
        raise ValueError("this is neither a text nor a sentence")  # noqa: TRY004  # as pydantic wants it
    return _restore(kept)


def _restore(kept: Mapping[str, Any]) -> Sentence:
    arguments = {
        str(name): _restore(value) if isinstance(value, Mapping) else value
        for name, value in (kept.get("with") or {}).items()
    }
    return Sentence(
        kept["say"],
        arguments,
        plural=str(kept.get("plural", "")),
        number=int(kept.get("count", 0)),
        context=str(kept.get("context", "")),
        own={str(tag): str(text) for tag, text in (kept.get("own") or {}).items()},
    )


def _stored_argument(value: object) -> object:
    if isinstance(value, Sentence):
        return value.stored()
    return value if isinstance(value, _PLAIN) else str(value)


def _text(message: str, arguments: Mapping[str, object], plural: str, count: int, context: str) -> str:
    if context == LIST:
        return listed([str(_shown(item)) for item in arguments.values()], message)
    catalog = current().catalog
    if plural:
        template = catalog.many(message, plural, count) if catalog else message if count == 1 else plural
        arguments = {**arguments, "count": f"{count:,}"}
    else:
        template = catalog.one(message, context) if catalog else message
    if not arguments:
        return template
    parts = list(_parts(template))
    try:
        parts[1::2] = [str(_shown(arguments[name])) for name in parts[1::2]]
        return "".join(parts)
    except KeyError:
        # A translation, or a row of another version, asks for what the sentence does not have: English has it all.
        return _PLACEHOLDER.sub(lambda found: str(arguments.get(found[1], found[0])), message)


@lru_cache(maxsize=4_096)
def _parts(template: str) -> tuple[str, ...]:
    """Text, name of a placeholder, text and so on: each answer says the same few sentences."""
    return tuple(_PLACEHOLDER.split(template))


def _shown(value: object) -> object:
    """An argument: a sentence inside a sentence is in the same language, whenever it was made."""
    return value.again() if isinstance(value, Sentence) else value


# A text of a row that people see: a Sentence is kept as JSON, a plain text as it is.
StoredText = Annotated[
    str,
    PlainValidator(from_stored),
    PlainSerializer(to_stored, when_used="always"),
    WithJsonSchema({"type": ["string", "object"]}),
]
