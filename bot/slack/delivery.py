"""One thing that Slack sent, and what we may answer. All that a feature sees of Slack's side; never Bolt.

A handler takes a `Delivery` and returns an `Ack` within Slack's 3 seconds; whatever is slower goes through
`delivery.responder` (responder.py). Nothing in a delivery is a right: ids in it are looked up and checked again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.slack.blocks import BUTTON_VALUE_LIMIT, Block, Message

if TYPE_CHECKING:  # the responder answers deliveries, so it imports this module
    from bot.slack.responder import Responder


class Kind(StrEnum):
    """The kinds of deliveries from Slack."""

    COMMAND = "command"
    ACTION = "action"
    VIEW_SUBMISSION = "view_submission"
    VIEW_CLOSED = "view_closed"
    SHORTCUT = "shortcut"
    MESSAGE_SHORTCUT = "message_shortcut"
    OPTIONS = "options"
    EVENT = "event"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What Slack sent. Texts are "" where the payload has none; nothing is guessed.

    `id` is the same for every repetition of the same thing (names.md, "Ids"). `team_id`: the workspace the payload
    belongs to; `user_team_id`: the home of the person who acted, not ours for an outsider in a shared channel.
    `text`: what follows the command word, else "". `received_at`: Unix seconds. `written_at`: when we wrote the
    private_metadata of the view for this person, None when nothing proves that we did (view_seal.py).
    """

    kind: Kind
    id: str
    team_id: str = ""
    user_id: str = ""
    user_team_id: str = ""
    channel_id: str = ""
    text: str = ""
    trigger_id: str = ""
    response_url: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    received_at: float = 0.0
    written_at: float | None = None
    responder: "Responder"

    def changed(self, **fields: Any) -> "Delivery":
        """The same with these fields. `dataclasses.replace` sets all of them one by one, for each delivery."""
        copy = object.__new__(Delivery)
        copy.__dict__.update(self.__dict__, **fields)
        return copy

    @property
    def action(self) -> Mapping[str, Any]:
        """The element that was used, {} when nothing was."""
        actions = self.payload.get("actions")
        first = actions[0] if isinstance(actions, list) and actions else None
        return first if isinstance(first, Mapping) else {}

    @property
    def action_id(self) -> str:
        """Of the element that was used, or of the select that asks for options."""
        return text_of(self.action, "action_id") or text_of(self.payload, "action_id")

    @property
    def action_value(self) -> str:
        """The value of the button, or of the one option that was chosen; "" where it is longer than Slack takes."""
        option = self.action.get("selected_option")
        value = text_of(option, "value") if isinstance(option, Mapping) else text_of(self.action, "value")
        return value if len(value) <= BUTTON_VALUE_LIMIT else ""

    @property
    def view(self) -> Mapping[str, Any] | None:
        """The modal or Home in which this happened."""
        found = self.payload.get("view")
        return found if isinstance(found, Mapping) else None

    @property
    def view_id(self) -> str:
        """The id of the view that this happened in, "" when it was in none."""
        return text_of(self.view or {}, "id")

    @property
    def in_modal(self) -> bool:
        """Whether the person is looking at one of our modals."""
        return text_of(self.view or {}, "type") == "modal"

    @property
    def state(self) -> Mapping[str, Any]:
        """Block id → action id → what is filled in; {} outside of views. Read it with slack.inputs."""
        holder = (self.view or self.payload).get("state")
        values = holder.get("values") if isinstance(holder, Mapping) else None
        return values if isinstance(values, Mapping) else {}

    @property
    def callback_id(self) -> str:
        """The callback_id of the view or of the shortcut, "" when there is neither."""
        return text_of(self.view or self.payload, "callback_id")

    @property
    def private_metadata(self) -> str:
        """What we stored in the view when it was opened, "" when there is no view."""
        return text_of(self.view or {}, "private_metadata")

    def form_channel(self, remembered: str) -> str:
        """The channel that a view remembers it was opened from; "" when nothing proves that we wrote it there.

        A rule may decide by the channel, so a forged one must not count.
        """
        return remembered if self.written_at is not None else ""

    @property
    def message(self) -> Mapping[str, Any]:
        """The message a button or a message shortcut was used on; {} when there is none."""
        found = self.payload.get("message")
        return found if isinstance(found, Mapping) else {}

    @property
    def message_ts(self) -> str:
        """Timestamp of that message, also when it is an ephemeral one."""
        container = self.payload.get("container")
        inner = text_of(container, "message_ts") if isinstance(container, Mapping) else ""
        return inner or text_of(self.payload, "message_ts") or text_of(self.message, "ts")

    @property
    def event(self) -> Mapping[str, Any]:
        """The event inside the envelope; {} for everything else."""
        found = self.payload.get("event")
        return found if isinstance(found, Mapping) else {}

    @property
    def query(self) -> str:
        """What was typed so far into a select that asks for options."""
        return text_of(self.payload, "value") if self.kind is Kind.OPTIONS else ""


def text_of(holder: Mapping[str, Any], name: str) -> str:
    """A text in a payload; "" when it is missing or something else."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Done:
    """Seen; nothing to show. After a submission the modal closes. The same as None."""


@dataclass(frozen=True)
class Ephemeral:
    """Words that only this person sees, where they are. `fixed`: this same object is the answer each time.

    `in_place`: they take the place of the message that was clicked in, which only this person sees too.
    """

    text: str
    blocks: Sequence[Block] = ()
    fixed: bool = False
    in_place: bool = False

    @classmethod
    def of(cls, message: Message, *, fixed: bool = False) -> "Ephemeral":
        """The answer that shows this message."""
        return cls(message.text, tuple(message.blocks), fixed)


@dataclass(frozen=True)
class FieldErrors:
    """Sentences under fields of the submitted modal, by block id; it stays open and filled."""

    errors: Mapping[str, str]


@dataclass(frozen=True)
class Replace:
    """Draw this view in place of the one that was submitted or clicked in."""

    view: Mapping[str, Any]


@dataclass(frozen=True)
class Push:
    """Lay this view on top of the one that was submitted or clicked in; at most three lie on each other."""

    view: Mapping[str, Any]


@dataclass(frozen=True)
class CloseAll:
    """Close every modal of the stack."""


@dataclass(frozen=True)
class Options:
    """Up to 100 choices for a select: dicts from blocks.option()."""

    options: Sequence[Block]


Ack = Done | Ephemeral | FieldErrors | Replace | Push | CloseAll | Options | None
Handler = Callable[[Delivery], Awaitable[Ack]]
