"""The leak guard: a message in a channel we are in that holds a live key of the account is answered at once.

Every message passes here, so the common case (nothing that could be a key) costs microseconds and asks nothing. Only
whole values that are ours count; what somebody else's key may be is none of our business in a conversation.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.alerts.detection.key_index import KeyIndex, MatchKind
from bot.alerts.detection.long_text import read_aside
from bot.alerts.detection.scanner import ScanResult, find
from bot.alerts.detection.text_extraction import message_texts
from bot.alerts.ingest import AlertIngest
from bot.alerts.intake.sources import more_messages, slack_message
from bot.slack.delivery import Ack, Delivery, text_of
from bot.slack.rate_limits import CallWindows
from bot.slack.router import Router

# What is no message of anybody, or one that is gone.
_NO_MESSAGE = frozenset({"message_deleted", "channel_join", "channel_leave", "channel_topic", "channel_purpose"})


# How long a message with an unknown key is looked at again (the index looks each minute), and how many are.
AGAIN_SECONDS, MOST_WAITING = 150.0, 500
# Messages with a live key of one author in a minute that get an alert each; the others of that minute share one.
MOST_A_MINUTE = 10


@dataclass(kw_only=True, eq=False)
class MessageMonitor:
    """`ours`: the bot's user id and bot id, whose messages are passed over."""

    index: KeyIndex
    ingest: AlertIngest
    ours: frozenset[str]
    # Has the values of hidden keys asked for that something looks like.
    hit: Callable[[Collection[int]], None]
    clock: Callable[[], float]
    _waiting: deque[tuple[float, Delivery, Mapping[str, Any], ScanResult]] = field(
        default_factory=lambda: deque(maxlen=MOST_WAITING), init=False
    )
    _windows: CallWindows = field(init=False)

    def __post_init__(self) -> None:
        self._windows = CallWindows(clock=self.clock)

    async def on_message(self, delivery: Delivery) -> Ack:
        """A message event: new, edited, of a person or of another app."""
        event = delivery.event
        message = event.get("message") if event.get("subtype") == "message_changed" else event
        if not isinstance(message, Mapping) or text_of(event, "subtype") in _NO_MESSAGE or self._is_ours(message):
            return None
        texts = list(message_texts(message))
        found = await read_aside(lambda: find(texts), size=sum(map(len, texts)))
        if not found.candidates:
            return None
        if not await self._report(delivery, message, found):
            self._remember(delivery, message, found)
        return None

    def _remember(self, delivery: Delivery, message: Mapping[str, Any], found: ScanResult) -> None:
        """What may be a key that the index does not know yet: it is looked at again when the index has grown."""
        unknown = tuple(one for one in found.candidates if one.core and one.telling)
        if near := self.index.hits(unknown):
            self.hit(near)
        if unknown:
            self._waiting.append((self.clock() + AGAIN_SECONDS, delivery, message, ScanResult(unknown, found.cut)))

    async def look_again(self) -> None:
        """The index has grown: report the messages of the last minutes that hold one of its new keys."""
        waiting, now = list(self._waiting), self.clock()
        self._waiting.clear()
        for until, delivery, message, found in waiting:
            if now < until and not await self._report(delivery, message, found):
                self._waiting.append((until, delivery, message, found))

    async def _report(self, delivery: Delivery, message: Mapping[str, Any], found: ScanResult) -> bool:
        """Store an alert when the message holds a live key; whether it does."""
        live = tuple(one for one in found.candidates if self.index.match(one).how is MatchKind.FULL)
        if not live:
            return False
        # In a channel shared with another company nothing is confirmed: security is told, and the author alone.
        shared = bool(delivery.payload.get("is_ext_shared_channel"))
        author, team = text_of(message, "user"), text_of(message, "user_team") or text_of(message, "team")
        # Nobody is told whose home is not said: it may be the other company.
        ours = bool(author) and team == delivery.team_id
        live_found = ScanResult(live, found.cut)
        who, minute = author or text_of(message, "bot_id"), int(self.clock() // 60)
        if not self._windows.take(who, per_minute=MOST_A_MINUTE):
            more = more_messages(channel=delivery.channel_id, by=who, minute=minute, found=live_found)
            await self.ingest.receive(more)
            return True
        incoming = slack_message(
            channel=delivery.channel_id,
            ts=text_of(message, "ts"),
            found=live_found,
            by=author,
            guarded=not shared,
            warn=author if shared and ours else "",
            thread_ts=text_of(message, "thread_ts"),
        )
        await self.ingest.receive(incoming)
        return True

    def _is_ours(self, message: Mapping[str, Any]) -> bool:
        return bool(self.ours & {text_of(message, "user"), text_of(message, "bot_id")} - {""})


def register(router: Router, monitor: MessageMonitor) -> None:
    """Listen to messages; the manifest says in which conversations."""
    router.event("message", monitor.on_message)
