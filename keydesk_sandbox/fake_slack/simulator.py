"""One workspace with one app in it, without routes: puts the parts together and is what tests and the page drive.

It reaches the app by `bot_url` or an open socket. People act through the async methods here, which return the app's
answer. `slack.py` adds the routes by which the app reaches it. Nothing here checks a login: only loopback may come in.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.types import ASGIApp

from keydesk_sandbox.fake_slack.answers import AppAnswer, SentPayload
from keydesk_sandbox.fake_slack.changes import Changes
from keydesk_sandbox.fake_slack.client_views import ViewActions
from keydesk_sandbox.fake_slack.core import Clock, Core, Notice
from keydesk_sandbox.fake_slack.deliveries import Deliveries, Sleep
from keydesk_sandbox.fake_slack.events import Events
from keydesk_sandbox.fake_slack.limits import Faults, Limits
from keydesk_sandbox.fake_slack.manifest import parse_manifest
from keydesk_sandbox.fake_slack.messages import Author, MessageBook, SlackMessage
from keydesk_sandbox.fake_slack.people import PersonKind
from keydesk_sandbox.fake_slack.response_urls import ResponseUrls
from keydesk_sandbox.fake_slack.sockets import SocketHub
from keydesk_sandbox.fake_slack.switches import SlackSwitches
from keydesk_sandbox.fake_slack.triggers import TriggerBook
from keydesk_sandbox.fake_slack.views import View, ViewBook
from keydesk_sandbox.fake_slack.web_api import ApiCall, WebApi
from keydesk_sandbox.fake_slack.web_api.parts import Parts
from keydesk_sandbox.fake_slack.workspace import Workspace

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ACK_SECONDS = 3.0


class SlackSimulator:
    """The workspace. `clock` gives Unix seconds; `real_time` dates signatures, which receivers judge by their own.

    Parts with a life of their own: `switches`, `limits`, `faults`, `hub` (socket links), `changes` (what people
    and administrators do), `web_api`, `deliveries`.
    """

    def __init__(
        self,
        *,
        manifest: Mapping[str, Any],
        signing_secret: str,
        bot_token: str,
        workspace: Workspace,
        base_url: str = "http://127.0.0.1:1",
        app_token: str | None = None,
        bot_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        real_time: Callable[[], float] = time.time,
        ack_seconds: float = ACK_SECONDS,
        app_id: str = "A0KEYDESK",
        bot_id: str = "B0KEYDESK",
        bot_user_id: str = "U0KEYDESK",
    ) -> None:
        app = parse_manifest(manifest, app_id=app_id, bot_id=bot_id, bot_user_id=bot_user_id)
        clock = clock or time.time
        self.core = Core(app=app, workspace=workspace, clock=clock)
        self.ended = False
        self.base_url = base_url
        self.limits = Limits(clock=clock)
        self.faults = Faults()
        self.hub = SocketHub(self.core)
        self.triggers = TriggerBook(app_id=app_id, clock=clock)
        self.message_book = MessageBook(self.core)
        self.view_book = ViewBook(self.core)
        author = Author(app_id=app_id, bot_id=bot_id, user_id=bot_user_id, name=app.name)
        self.response_urls = ResponseUrls(self.core, self.message_book, author=author)
        self.deliveries = Deliveries(
            self.core,
            self.hub,
            signing_secret=signing_secret,
            transport=transport,
            ack_seconds=ack_seconds,
            real_time=real_time,
        )
        self.deliveries.bot_url = bot_url
        self.events = Events(self.core, self.deliveries, sleep=sleep)
        self.changes = Changes(self.core, messages=self.message_book, views=self.view_book, events=self.events)
        self.client = self._build_client()
        parts = self._build_parts(author)
        self.web_api = WebApi(parts, bot_token=bot_token, app_token=app_token, limits=self.limits, faults=self.faults)

    def _build_client(self) -> ViewActions:
        return ViewActions(
            self.core,
            messages=self.message_book,
            views=self.view_book,
            triggers=self.triggers,
            response_urls=self.response_urls,
            deliveries=self.deliveries,
            events=self.events,
            base_url=lambda: self.base_url,
        )

    def _build_parts(self, author: Author) -> Parts:
        return Parts(
            core=self.core,
            messages=self.message_book,
            views=self.view_book,
            triggers=self.triggers,
            hub=self.hub,
            events=self.events,
            author=author,
            base_url=lambda: self.base_url,
        )

    @property
    def base_url(self) -> str:
        """Where this Slack is reached, as `http://127.0.0.1:3001`; loopback only."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        if urlsplit(url).hostname not in LOOPBACK:
            raise ValueError(f"The sandbox's Slack stays on this machine: {url} is not a loopback address.")
        self._base_url = url.rstrip("/")

    @property
    def api_url(self) -> str:
        """What the app sets as its Web API base."""
        return f"{self.base_url}/api/"

    @property
    def bot_url(self) -> str | None:
        """Where the app takes HTTP deliveries; None until it is known."""
        return self.deliveries.bot_url

    @bot_url.setter
    def bot_url(self, url: str | None) -> None:
        self.deliveries.bot_url = url

    def connect(self, app: ASGIApp) -> None:
        """Deliver to this ASGI application in process from now on, instead of over the network."""
        self.deliveries.use_transport(httpx.ASGITransport(app))
        self.bot_url = "http://127.0.0.1/slack/events"

    @property
    def switches(self) -> SlackSwitches:
        """What can be made to go wrong."""
        return self.core.switches

    @property
    def workspace(self) -> Workspace:
        """People, groups and channels."""
        return self.core.workspace

    @property
    def calls(self) -> list[ApiCall]:
        """Every Web API call, oldest first; tokens are masked."""
        return self.web_api.calls

    @property
    def sent(self) -> list[SentPayload]:
        """Every payload sent to the app, oldest first."""
        return self.deliveries.log

    async def command(self, user: str, channel: str, text: str) -> AppAnswer:
        """Runs a slash command."""
        return await self.client.command(user, channel, text)

    async def say(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None
    ) -> SlackMessage | AppAnswer:
        """Writes a message; a text with a leading `/` is a command."""
        return await self.client.say(user, channel, text, thread_ts=thread_ts)

    async def post_as_app(self, channel: str, text: str = "", **content: Any) -> SlackMessage:
        """A message of another app: `blocks`, `attachments`, `name`, `thread_ts`."""
        return await self.client.post_as_app(channel, text, **content)

    async def click(
        self, user: str, where: SlackMessage | View, action_id: str, value: Any = None, block_id: str | None = None
    ) -> AppAnswer:
        """Clicks a button, or chooses `value` in a menu, on a message, in a modal or on Home."""
        if isinstance(where, View):
            return await self.client.click_view(user, where, action_id, value=value, block_id=block_id)
        return await self.client.click_message(user, where, action_id, value=value, block_id=block_id)

    async def type_in(
        self, user: str, view: View, block_id: str, value: Any, *, action_id: str | None = None, dispatch: bool = True
    ) -> AppAnswer:
        """Types or chooses in an input block; `dispatch` False: without pressing Enter."""
        return await self.client.type_in(user, view, block_id, value, action_id=action_id, dispatch=dispatch)

    async def submit(self, user: str, view: View) -> AppAnswer:
        """Submits a modal. `complaints` of the answer are those of the client, before anything was sent."""
        return await self.client.submit(user, view)

    async def close_view(self, user: str, view: View, *, clear: bool = False) -> AppAnswer | None:
        """Closes a modal, or with `clear` the whole stack."""
        return await self.client.close(user, view, clear=clear)

    async def options(
        self, user: str, where: View | SlackMessage, block_id: str, text: str, *, action_id: str | None = None
    ) -> AppAnswer:
        """Types into an external select."""
        return await self.client.options(user, where, block_id, text, action_id=action_id)

    async def shortcut(
        self, user: str, callback_id: str, channel: str | None = None, ts: str | None = None
    ) -> AppAnswer:
        """Uses a global shortcut, or a message shortcut on the message of `channel` and `ts`."""
        return await self.client.shortcut(user, callback_id, channel_id=channel, ts=ts)

    async def open_home(self, user: str, *, tab: str = "home") -> AppAnswer | None:
        """Opens the app's Home tab."""
        return await self.client.open_home(user, tab=tab)

    def open_views(self, user: str) -> list[View]:
        """The open modals of that person, bottom first."""
        return self.view_book.stack(user)

    def top_view(self, user: str) -> View:
        """The modal that person is looking at. Raises LookupError when none is open."""
        stack = self.view_book.stack(user)
        if not stack:
            raise LookupError(f"{user} has no modal open.")
        return stack[-1]

    def home(self, user: str) -> View | None:
        """What the app published on that person's Home tab."""
        return self.view_book.home(user)

    def messages(self, channel: str, viewer: str | None = None) -> list[SlackMessage]:
        """A channel's messages, oldest first; with a viewer only what that person sees."""
        return self.message_book.in_channel(channel, viewer=viewer)

    def dm(self, user: str) -> list[SlackMessage]:
        """The messages between that person and the app, as the person sees them."""
        return self.message_book.in_channel(self.core.dm_with(user).id, viewer=user)

    def notices(self, user: str) -> list[Notice]:
        """What that person's client shows outside of messages."""
        return [notice for notice in self.core.notices if notice.user_id == user]

    def dismiss(self, user: str, notice_id: str) -> None:
        """Takes a notice away."""
        self.core.notices = [n for n in self.core.notices if n.id != notice_id or n.user_id != user]
        self.core.changed()

    def foreign_trigger(self, user: str) -> str:
        """A trigger id of another app: no good to ours."""
        return self.triggers.issue(user, app_id="A0OTHER")

    def is_bot(self, user: str) -> bool:
        """Whether that id is a bot's."""
        person = self.workspace.people.get(user)
        return person is not None and person.kind is PersonKind.BOT

    async def settle(self) -> None:
        """Waits until no delivery is on its way any more."""
        await self.deliveries.settle()

    async def close(self) -> None:
        """Ends deliveries, socket links and the pages' event streams."""
        self.ended = True
        self.core.changed()
        await self.hub.disconnect("link_disabled")
        await self.deliveries.close()
