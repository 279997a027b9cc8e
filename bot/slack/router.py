"""The dispatch table: command words, clicks, submissions, shortcuts, options, events → handlers. Knows no feature.

One dictionary look-up per delivery, however many operations there are. Both transports end in `dispatch`, which
never raises: errors become answers (error_handler.py), unknown things are answered politely and logged. A form with a
secret in it reaches no handler.
"""

import contextlib
import difflib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.db.answering import answering
from bot.errors import InputError, UserError
from bot.languages import ENGLISH, Language, said, speaking, tr
from bot.languages.formats import one_of
from bot.logs import log_context
from bot.redaction import REFUSED_TEXT, holds_no_secret, holds_secret, redact
from bot.slack.blocks import code, truncate
from bot.slack.delivery import Ack, Delivery, Ephemeral, Handler, Kind, Options
from bot.slack.error_handler import answer_error
from bot.slack.person_limits import PersonLimits
from bot.typed_text import first_word

logger = logging.getLogger(__name__)

HELP = "help"
# Outcomes for `observe`.
OK, USER_ERROR, ERROR, UNKNOWN = "ok", "user_error", "error", "unknown"
Observe = Callable[[Kind, str, float], None]
# Of an unknown word that is repeated to the person.
_WORD_LIMIT = 40
# Slack's field takes some 4,000 characters; looking through much more would hold up everybody else.
_TEXT_LIMIT = 10_000


@dataclass(frozen=True)
class HelpEntry:
    """One line of help: `/apikey WORD USAGE`, and what it does."""

    word: str
    usage: str
    help: str


class Answer(NamedTuple):
    """What a handler said to one delivery, and the language of the person that it is for."""

    ack: Ack
    language: Language


class Router:
    """Names → handlers. A name given twice is a ValueError at registration, that is at start.

    `command`: our slash command. `observe`: called after each dispatch with kind, outcome and seconds. `language_of`:
    in which language whoever did it reads; the whole answer is in it. `other_words`: words of other languages for
    our commands (command_words.py).
    """

    def __init__(
        self,
        *,
        command: str = "/apikey",
        observe: Observe | None = None,
        limits: PersonLimits | None = None,
        language_of: Callable[[Delivery], Awaitable[Language]] | None = None,
        other_words: Mapping[str, tuple[str, ...]] | None = None,
        timer: Callable[[], float] = time.perf_counter,
        span: Callable[[str], contextlib.AbstractContextManager[object]] = lambda _name: contextlib.nullcontext(),
        asked_by: Callable[[str], contextlib.AbstractContextManager[object]] = lambda _user: contextlib.nullcontext(),
    ) -> None:
        self.command_name = command
        self._observe = observe
        self._limits = limits
        self._language_of = language_of
        self._other_words = dict(other_words or {})
        self._timer = timer
        self._span = span
        self._asked_by = asked_by
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._events: dict[str, list[Handler]] = {}
        self._followers: dict[str, list[Callable[[Delivery], Awaitable[None]]]] = {}
        self._variants: dict[str, list[tuple[Callable[[str], bool], Handler]]] = {}
        self._help: list[HelpEntry] = []

    def command(self, word: str, handler: Handler, *, usage: str = "", help: str = "") -> None:  # noqa: A002  # as the reader calls it
        """`/apikey WORD rest`: the handler gets `rest` as delivery.text. Words are matched in lower case."""
        self._add("command", word.lower(), handler)
        self._help.append(HelpEntry(word.lower(), usage, help))

    def variant(self, word: str, *, takes: Callable[[str], bool], handler: Handler) -> None:
        """Another handler for `/apikey WORD rest`, for the texts it takes: `/apikey disable` with many keys."""
        self._variants.setdefault(word.lower(), []).append((takes, handler))

    def action(self, action_id: str, handler: Handler) -> None:
        """A click on an element with this action id, wherever it is."""
        self._add("action", action_id, handler)

    def follow(self, action_id: str, handler: Callable[[Delivery], Awaitable[None]]) -> None:
        """What comes after a click on this action id was handled, and not refused."""
        self._followers.setdefault(action_id, []).append(handler)

    def modal_action(self, callback_id: str, handler: Handler) -> None:
        """Any click inside a view with this callback id whose action id has no handler of its own."""
        self._add("modal_action", callback_id, handler)

    def view(self, callback_id: str, handler: Handler) -> None:
        """The submission of a modal."""
        self._add("view", callback_id, handler)

    def view_closed(self, callback_id: str, handler: Handler) -> None:
        """A modal with notify_on_close was closed without a submission."""
        self._add("view_closed", callback_id, handler)

    def shortcut(self, callback_id: str, handler: Handler) -> None:
        """A global or a message shortcut."""
        self._add("shortcut", callback_id, handler)

    def options(self, block_id: str, handler: Handler) -> None:
        """Somebody types into a select in this block; the answer is Options."""
        self._add("options", block_id, handler)

    def event(self, type: str, handler: Handler) -> None:  # noqa: A002  # Slack's own word
        """An event. Several rooms may listen to one type: each is called, one after the other."""
        self._events.setdefault(type, []).append(handler)

    def _add(self, table: str, name: str, handler: Handler) -> None:
        if not name:
            raise ValueError(f"a handler for {table} needs a name")
        if (table, name) in self._handlers:
            raise ValueError(f"{table} {name!r} has a handler already")
        self._handlers[table, name] = handler

    def words(self) -> tuple[str, ...]:
        """Command words in order of registration."""
        return tuple(entry.word for entry in self._help)

    def help_entries(self) -> tuple[HelpEntry, ...]:
        """For the help answer, in order of registration."""
        return tuple(self._help)

    def names(self, table: str) -> frozenset[str]:
        """Registered names: "command", "action", "modal_action", "view", "view_closed", "shortcut", "options",
        "event". The manifest test compares shortcuts and events with manifest.yml.
        """
        if table == "event":
            return frozenset(self._events)
        return frozenset(name for kind, name in self._handlers if kind == table)

    async def dispatch(self, delivery: Delivery) -> Answer:
        """Answer one delivery. Never raises; asks nothing of the network by itself."""
        started = self._timer()
        with (
            answering(),
            self._span(f"slack {delivery.kind}"),
            self._asked_by(delivery.user_id),
            log_context(delivery=delivery.id),
        ):
            # One that never raises.
            language = ENGLISH if self._language_of is None else await self._language_of(delivery)
            with speaking(language):
                outcome, ack = await self._answer(delivery)
        if self._observe is not None:
            self._observe(delivery.kind, outcome, self._timer() - started)
        return Answer(ack, language)

    async def _answer(self, delivery: Delivery) -> tuple[str, Ack]:
        try:
            if self._limits is not None and not self._limits.admit(delivery, typing=self._is_typing(delivery)):
                return USER_ERROR, Options(()) if delivery.kind is Kind.OPTIONS else None
            if delivery.kind is Kind.COMMAND:
                return await self._command(delivery)
            if delivery.kind is Kind.EVENT:
                return await self._event(delivery)
            if delivery.kind is Kind.VIEW_SUBMISSION:
                refuse_secrets(delivery.state)
            handler = self._find(delivery)
            if handler is None:
                # A button with a url arrives here too; Slack wants its answer like any other.
                logger.info("no handler for %s %s (%s)", delivery.kind, delivery.id, delivery.callback_id)
                return UNKNOWN, Options(()) if delivery.kind is Kind.OPTIONS else None
            return OK, await self._handled(delivery, handler)
        except Exception as error:  # noqa: BLE001  # the net: Slack must get an answer, the person a sentence
            outcome = USER_ERROR if isinstance(error, UserError) else ERROR
            return outcome, await answer_error(error, delivery)

    async def _handled(self, delivery: Delivery, handler: Handler) -> Ack:
        ack = await handler(delivery)
        for follower in self._followers.get(delivery.action_id, ()) if delivery.kind is Kind.ACTION else ():
            await follower(delivery)
        return ack

    def _is_typing(self, delivery: Delivery) -> bool:
        """Whether something in an open form changed: a letter, a choice."""
        in_form = delivery.kind is Kind.ACTION and delivery.view is not None
        return in_form and ("action", delivery.action_id) not in self._handlers

    def _find(self, delivery: Delivery) -> Handler | None:
        get = self._handlers.get
        kind, callback_id = delivery.kind, delivery.callback_id
        if kind is Kind.ACTION:
            inside = get(("modal_action", callback_id)) if delivery.view is not None else None
            return get(("action", delivery.action_id)) or inside
        if kind is Kind.VIEW_SUBMISSION:
            return get(("view", callback_id))
        if kind is Kind.VIEW_CLOSED:
            return get(("view_closed", callback_id))
        if kind is Kind.OPTIONS:
            block_id = delivery.payload.get("block_id")
            return get(("options", block_id)) if isinstance(block_id, str) else None
        return get(("shortcut", callback_id))

    async def _command(self, delivery: Delivery) -> tuple[str, Ack]:
        if len(delivery.text) > _TEXT_LIMIT:
            most = f"{_TEXT_LIMIT:,}"
            return USER_ERROR, Ephemeral(tr("That is too long: a command takes {number} characters.", number=most))
        word, rest = first_word(delivery.text)
        word = word or HELP
        meant = self._meant(word)
        if len(meant) > 1:
            return USER_ERROR, Ephemeral(self._several(word, meant))
        word = meant[0] if meant else word
        other = next((handler for takes, handler in self._variants.get(word, ()) if takes(rest)), None)
        handler = other or self._handlers.get(("command", word))
        if handler is not None:
            return OK, await handler(delivery.changed(text=rest))
        if word == HELP:
            return OK, Ephemeral(self._plain_help())
        return UNKNOWN, Ephemeral(self._unknown_word(word))

    def _meant(self, word: str) -> tuple[str, ...]:
        """The commands that a word of another language stands for; of our own words none is asked for."""
        if ("command", word) in self._handlers:
            return ()
        return tuple(one for one in self._other_words.get(word, ()) if ("command", one) in self._handlers)

    def _several(self, word: str, meant: tuple[str, ...]) -> str:
        shown = code(truncate(redact(word), _WORD_LIMIT))
        commands = one_of(code(f"{self.command_name} {one}") for one in meant)
        return tr("{word} may mean {commands}. Which one?", word=shown, commands=commands)

    def _plain_help(self) -> str:
        lines = [
            f"{code(f'{self.command_name} {e.word} {said(e.usage)}'.rstrip())} {said(e.help)}".rstrip()
            for e in self._help
        ]
        return "\n".join(lines) or tr("There are no commands yet.")

    def _unknown_word(self, word: str) -> str:
        near = difflib.get_close_matches(word[:_WORD_LIMIT].lower(), self.words(), n=1)
        # Not a key's value, which somebody may have pasted: the answer is kept by Slack.
        shown = code(truncate(redact(word), _WORD_LIMIT))
        sentences = [tr("I do not know the word {word}.", word=shown)]
        if near:
            sentences.append(tr("Did you mean {command}?", command=code(f"{self.command_name} {near[0]}")))
        sentences.append(tr("{command} lists what I can do.", command=code(f"{self.command_name} {HELP}")))
        return " ".join(sentences)

    async def _event(self, delivery: Delivery) -> tuple[str, Ack]:
        kind = delivery.event.get("type")
        handlers = self._events.get(kind, ()) if isinstance(kind, str) else ()
        for handler in handlers:
            await handler(delivery)
        return OK if handlers else UNKNOWN, None


def refuse_secrets(state: Mapping[str, Any]) -> None:
    """Raise InputError for each field of a form whose text holds a secret: it goes no further than to here."""
    if holds_no_secret(state, most=_TEXT_LIMIT):
        return
    wrong: dict[str, str] = {}
    for field, filled in state.items():
        texts = list(_texts(filled))
        if any(len(text) > _TEXT_LIMIT for text in texts):
            wrong[field] = tr("That is too long: a field takes {number} characters at most.", number=f"{_TEXT_LIMIT:,}")
        elif any(map(holds_secret, texts)):
            wrong[field] = said(REFUSED_TEXT)
    if wrong:
        raise InputError(wrong)


def _texts(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield item
    elif isinstance(item, Mapping):
        for value in item.values():
            yield from _texts(value)
    elif isinstance(item, list):
        for value in item:
            yield from _texts(value)
