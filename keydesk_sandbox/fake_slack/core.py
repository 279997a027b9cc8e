"""The state every part of this Slack shares: clock, ids, people, conversations, notices, a version number.

Parts receive the Core and keep their own books (messages, views, triggers) beside it. Knows no HTTP.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from keydesk_sandbox.fake_slack.errors import ApiError, ClientRefusal
from keydesk_sandbox.fake_slack.manifest import App
from keydesk_sandbox.fake_slack.people import Person, PersonKind
from keydesk_sandbox.fake_slack.switches import SlackSwitches
from keydesk_sandbox.fake_slack.workspace import Channel, Workspace

Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a person's client shows them outside of any message: `code` is Slack's word, `text` the sentence."""

    id: str
    user_id: str
    code: str
    text: str


class Core:
    """Shared state. `version` grows with every visible change; `wait_for_change` sleeps until it does."""

    def __init__(self, *, app: App, workspace: Workspace, clock: Clock) -> None:
        self.app = app
        self.workspace = workspace
        self.clock = clock
        self.switches = SlackSwitches()
        self.notices: list[Notice] = []
        self.version = 0
        self._waiting: set[asyncio.Event] = set()
        self._last_ts = 0
        self._ensure_bot()

    def _ensure_bot(self) -> None:
        self.workspace.people.setdefault(
            self.app.bot_user_id,
            Person(
                id=self.app.bot_user_id,
                name=self.app.name.lower(),
                real_name=self.app.name,
                kind=PersonKind.BOT,
                team_id=self.workspace.team.id,
            ),
        )

    def changed(self) -> None:
        """Count a visible change and wake everybody who waits for one."""
        self.version += 1
        for event in self._waiting:
            event.set()

    async def wait_for_change(self, *, seen: int, seconds: float) -> int:
        """The version, as soon as it differs from `seen`, or after `seconds` of real time."""
        if self.version != seen:
            return self.version
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)
        return self.version

    def new_id(self, prefix: str) -> str:
        """A new opaque id."""
        return f"{prefix}0{secrets.token_hex(5).upper()}"

    def new_ts(self) -> str:
        """A new message ts: the clock in microseconds, never twice and never backwards."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def person(self, user_id: str) -> Person:
        """That person, as the driver names them. Raises ClientRefusal when there is none."""
        person = self.workspace.people.get(user_id)
        if person is None:
            raise ClientRefusal(f"There is no person {user_id} in this workspace.")
        return person

    def channel(self, channel_id: str) -> Channel:
        """That conversation. Raises ApiError channel_not_found."""
        channel = self.workspace.channels.get(channel_id)
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def dm_with(self, user_id: str) -> Channel:
        """The DM between the app and that person, made on first use."""
        for channel in self.workspace.channels.values():
            if channel.kind == "dm" and channel.with_user == user_id:
                return channel
        channel = Channel(
            id=self.new_id("D"),
            kind="dm",
            is_private=True,
            members=[user_id, self.app.bot_user_id],
            with_user=user_id,
            created=int(self.clock()),
        )
        self.workspace.channels[channel.id] = channel
        self.changed()
        return channel

    def notice(self, user_id: str, code: str, text: str) -> Notice:
        """Shows a notice in that person's client."""
        notice = Notice(id=self.new_id("N"), user_id=user_id, code=code, text=text)
        self.notices.append(notice)
        self.changed()
        return notice
