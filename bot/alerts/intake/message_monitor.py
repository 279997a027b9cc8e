"""The leak guard: a message in a channel we are in that holds a live key of the account is answered at once.

Every message passes here, so the common case (nothing that could be a key) costs microseconds and asks nothing. Only
whole values that are ours count; what somebody else's key may be is none of our business in a conversation.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.alerts import store
from bot.alerts.detection.fingerprints import from_text, to_text
from bot.alerts.detection.key_index import IndexMatch, KeyIndex, MatchKind
from bot.alerts.detection.long_text import read_aside
from bot.alerts.detection.scanner import ScanResult, find
from bot.alerts.detection.text_extraction import message_texts
from bot.alerts.ingest import AlertIngest
from bot.alerts.intake.sources import more_messages, slack_message
from bot.alerts.models import HeldMessage, KeyFinding
from bot.db.engine import Database
from bot.permissions.models import Actor, ActorKind
from bot.slack.delivery import Ack, Delivery, text_of
from bot.slack.rate_limits import CallWindows
from bot.slack.router import Router

# What is no message of anybody, or one that is gone.
_NO_MESSAGE = frozenset({"message_deleted", "channel_join", "channel_leave"})
# How long a message with an unknown value is looked at again (each replica looks each minute), and how many are.
HOLD_SECONDS, MOST_HELD = 300.0, 500


# Messages with a live key of one author in a minute that get an alert each; the others of that minute share one.
MOST_A_MINUTE = 10


@dataclass(kw_only=True, eq=False)
class MessageMonitor:
    """`ours`: the bot's user id and bot id, whose messages are passed over."""

    database: Database
    index: KeyIndex
    ingest: AlertIngest
    ours: frozenset[str]
    # Has the values of hidden keys asked for that something looks like.
    hit: Callable[[Collection[int]], None]
    who_is: Callable[[str, str], Awaitable[Actor]]
    clock: Callable[[], float]
    # The address of our workspace.
    workspace: str = ""
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
        place, ts = await self._place(delivery, message), text_of(message, "ts")
        matches = [(one, self.index.match(one)) for one in found.candidates]
        live = tuple(one for one, match in matches if match.how is MatchKind.FULL)
        if live:
            await self._receive(delivery.channel_id, ts, place, ScanResult(live, found.cut))
        # A key that is known here may stand beside one that is too new.
        await self._hold(delivery.channel_id, ts, place, [m for one, m in matches if one not in live and one.telling])
        return None

    async def _receive(
        self,
        channel: str,
        ts: str,
        place: Mapping[str, Any],
        found: ScanResult,
        *,
        known: Sequence[KeyFinding] | None = None,
    ) -> None:
        """Store an alert about a message; those beyond an author's share of a minute become one."""
        who, minute = str(place["by"]) or channel, int(self.clock() // 60)
        if self._windows.take(who, per_minute=MOST_A_MINUTE):
            incoming = slack_message(channel=channel, ts=ts, found=found, workspace=self.workspace, **place)
        else:
            incoming = more_messages(channel=channel, by=who, minute=minute, found=found)
        await self.ingest.receive(incoming, known=known)

    async def _hold(self, channel: str, ts: str, place: Mapping[str, Any], matches: Sequence[IndexMatch]) -> None:
        """What may be a key that the index does not know yet is looked at again when it knows more."""
        findings = tuple((to_text(one.fingerprint), one.hint) for one in matches if one.fingerprint is not None)
        if not findings:
            return
        now = self.clock()
        message = HeldMessage(channel, ts, place, findings, now + HOLD_SECONDS)
        await self.database.run(store.hold_message, message, most=MOST_HELD, now=now)
        # The index may have learnt the key while the row was written.
        await self._report(message)

    async def look_again(self) -> None:
        """The index may know more: report the messages of the last minutes that hold one of its keys."""
        for message in await self.database.read(store.held, now=self.clock()):
            await self._report(message)

    async def _report(self, message: HeldMessage) -> None:
        matches = [(text, self.index.match_again(hint, from_text(text))) for text, hint in message.findings]
        live = [
            KeyFinding(hint=match.hint, how=match.how, key_ids=match.key_ids, fingerprint=text)
            for text, match in matches
            if match.how is MatchKind.FULL
        ]
        left = [match for _, match in matches if match.how is not MatchKind.FULL]
        # Where the gateway masks values, a new key is known by its ends first; its value tells.
        self.hit({key_id for match in left for key_id in match.key_ids})
        if not live:
            return
        await self._receive(message.channel, message.ts, message.place, ScanResult(()), known=live)
        # Dropped afterwards: whoever dies in between reports the same message again, which is one alert.
        if left:
            await self._hold(message.channel, message.ts, message.place, left)
        else:
            await self.database.run(store.drop_held, message)

    async def _place(self, delivery: Delivery, message: Mapping[str, Any]) -> dict[str, Any]:
        """What an alert about a message says of it, and whom it answers."""
        # In a channel shared with another company nothing is confirmed: security is told, and the author alone.
        shared = bool(delivery.payload.get("is_ext_shared_channel"))
        author = text_of(message, "user")
        warn = author if shared and author and await self._is_colleague(message) else ""
        return {"by": author, "guarded": not shared, "warn": warn, "thread_ts": text_of(message, "thread_ts")}

    async def _is_colleague(self, message: Mapping[str, Any]) -> bool:
        """Whether the author is of our workspace, as Slack says; in doubt it may be the other company."""
        team = text_of(message, "user_team") or text_of(message, "team")
        return (await self.who_is(text_of(message, "user"), team)).kind in {ActorKind.MEMBER, ActorKind.GUEST}

    def _is_ours(self, message: Mapping[str, Any]) -> bool:
        return bool(self.ours & {text_of(message, "user"), text_of(message, "bot_id")} - {""})


def register(router: Router, monitor: MessageMonitor) -> None:
    """Listen to messages; the manifest says in which conversations."""
    router.event("message", monitor.on_message)
