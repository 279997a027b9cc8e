"""How to reach the person behind a delivery: modals, the Home, words only they see, and work after the answer.

Built once by the transport. Trigger ids die after 3 seconds, so `fill` opens a loading view first and draws the
real one when it is known. Every background task has the error net: a BotError's sentence reaches the person.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from bot.db.answering import leave
from bot.languages import tr
from bot.slack.blocks import Block, Message, harmless, modal, section
from bot.slack.delivery import Delivery
from bot.slack.error_report import report
from bot.slack.errors import SlackError, SlackRefused, SlackUnavailable, TriggerUsed, ViewClosed
from bot.slack.new_blocks import NewBlocks
from bot.slack.view_seal import ViewSeal

logger = logging.getLogger(__name__)

_PERHAPS_OPEN = tr("Slack does not say whether the form opened. If it is not there, please try again.")
_DID_NOT_WORK = tr("Did not work")
# A burst of clicks must not become a burst of calls that all time out together.
_PARALLEL = 32


class ResponderWeb(Protocol):
    """The part of web.SlackWebClient that is needed here."""

    async def write(self, method: str, *, interactive: bool = False, **arguments: Any) -> dict[str, Any]: ...
    async def respond(self, response_url: str, body: Mapping[str, Any]) -> None: ...


class Responder:
    """Methods that call Slack raise SlackUnavailable or SlackRefused unless they say otherwise."""

    def __init__(
        self,
        *,
        web: ResponderWeb,
        dm_channel: Callable[[str], Awaitable[str]],
        view_seal: ViewSeal,
        form_alerts: NewBlocks | None = None,
    ) -> None:
        self._web = web
        self.form_alerts = form_alerts
        self.view_seal = view_seal
        self._dm_channel = dm_channel
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(_PARALLEL)

    async def open_modal(self, delivery: Delivery, view: Mapping[str, Any]) -> str:
        """Open a modal and return its view id. Raises TriggerExpired 3 s after the click, TriggerUsed for a copy."""
        return await self._with_trigger("views.open", delivery, view)

    async def push_modal(self, delivery: Delivery, view: Mapping[str, Any]) -> str:
        """Lay a modal on the one in which this click happened and return its view id."""
        return await self._with_trigger("views.push", delivery, view)

    async def _with_trigger(self, method: str, delivery: Delivery, view: Mapping[str, Any]) -> str:
        sealed = self.view_seal.close(view, delivery)
        try:
            answer = await self._web.write(method, interactive=True, trigger_id=delivery.trigger_id, view=sealed)
        except SlackUnavailable as error:
            raise SlackUnavailable(unsure=True, sentence=_PERHAPS_OPEN) if error.unsure else error from error
        return str(answer["view"]["id"])

    async def update_modal(self, delivery: Delivery, view: Mapping[str, Any], *, hash: str | None = None) -> str:  # noqa: A002  # Slack's own word
        """Draw the modal of this delivery anew, return its new hash.

        Raises ViewClosed; ViewChanged if `hash` is not the newest.
        """
        arguments = {"view_id": delivery.view_id} | ({"hash": hash} if hash is not None else {})
        sealed = self.view_seal.close(view, delivery)
        answer = await self._web.write("views.update", interactive=True, view=sealed, **arguments)
        drawn = answer.get("view")
        return str(drawn.get("hash", "")) if isinstance(drawn, Mapping) else ""

    async def publish_home(self, slack_user_id: str, view: Mapping[str, Any]) -> None:
        """Draw somebody's App Home."""
        await self._web.write("views.publish", interactive=True, user_id=slack_user_id, view=dict(view))

    def later(self, work: Coroutine[Any, Any, object], *, delivery: Delivery | None = None) -> None:
        """Do `work` after the answer. What fails is logged and, with a `delivery`, told to its person."""
        task = asyncio.get_running_loop().create_task(self._guard(work, delivery))
        # The loop holds only a weak reference; without ours the task could vanish half-way.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[Any, Any, object], delivery: Delivery | None) -> None:
        leave()
        doing = "background work" if delivery is None else f"background work after {delivery.id}"
        try:
            async with self._turn:
                await work
        except TriggerUsed:
            logger.info("%s: came before; what it opens is open", doing)
        except Exception as error:  # noqa: BLE001  # the net below every background task: nobody else would see it
            sentence = report(error, doing=doing)
            if delivery is not None:
                with contextlib.suppress(SlackError):  # said in the log already; there is nobody left to tell
                    await self.warn(delivery, sentence)

    async def tell(
        self, delivery: Delivery, text: str, blocks: Sequence[Block] | None = None, *, in_place: bool = False
    ) -> None:
        """Words only the person sees: at the response_url, else in the channel, else as a DM.

        `in_place`: instead of the message that was clicked in, which only this person sees too.
        """
        content = Message(text, list(blocks or ())).to_slack()
        if delivery.response_url and await self._responded(delivery, content, in_place=in_place):
            return
        if delivery.channel_id and not delivery.channel_id.startswith("D"):
            try:
                arguments = {"channel": delivery.channel_id, "user": delivery.user_id, **content}
                await self._web.write("chat.postEphemeral", interactive=True, **arguments)
            except SlackRefused as error:
                logger.info("%s: no ephemeral message there (%s); a DM instead", delivery.id, error.code)
            else:
                return
        channel = await self._dm_channel(delivery.user_id)
        await self._web.write("chat.postMessage", channel=channel, unfurl_links=False, unfurl_media=False, **content)

    async def _responded(self, delivery: Delivery, content: Mapping[str, Any], *, in_place: bool) -> bool:
        # Without replace_original the answer to a click could take the place of the card.
        body = {"response_type": "ephemeral", "replace_original": in_place, **content}
        try:
            await self._web.respond(delivery.response_url, body)
        except SlackError as error:
            logger.info("%s: the response_url does not take it (%s)", delivery.id, type(error).__name__)
            return False
        return True

    async def warn(self, delivery: Delivery, sentence: str) -> None:
        """Tell what went wrong where the person is looking: over the modal or Home they clicked in, else `tell`."""
        if delivery.view is not None and delivery.trigger_id:
            show = self.push_modal if delivery.in_modal else self.open_modal
            try:
                await show(delivery, error_view(sentence))
            except SlackError as error:
                logger.info("%s: no window for the error (%s); telling instead", delivery.id, type(error).__name__)
            else:
                return
        await self.tell(delivery, harmless(sentence))

    async def fill(
        self,
        delivery: Delivery,
        loading: Mapping[str, Any],
        work: Callable[[], Awaitable[Mapping[str, Any]]],
        *,
        corrected: Callable[[], Awaitable[Mapping[str, Any] | None]] | None = None,
    ) -> None:
        """Open `loading` at once (on top, when the click was in a modal), then put what `work` returns in its place.

        The second half happens in the background; an error becomes a view with one sentence. `corrected` is asked
        after that for a view that replaces the first answer, None when it stands.
        """
        opened = self.push_modal if delivery.in_modal else self.open_modal
        # A name of ours finds the view again when Slack's answer, with its id, is lost.
        name = f"{delivery.id[:200]}:{secrets.token_hex(4)}"
        unsure: SlackUnavailable | None = None
        try:
            place = {"view_id": await opened(delivery, {**loading, "external_id": name})}
        except SlackUnavailable as error:
            if not error.unsure:
                raise
            place, unsure = {"external_id": name}, error
        self.later(self._fill(delivery, place, loading, work, unsure, corrected=corrected), delivery=delivery)

    async def _fill(
        self,
        delivery: Delivery,
        place: Mapping[str, str],
        loading: Mapping[str, Any],
        work: Callable[[], Awaitable[Mapping[str, Any]]],
        unsure: SlackUnavailable | None,
        *,
        corrected: Callable[[], Awaitable[Mapping[str, Any] | None]] | None,
    ) -> None:
        try:
            try:
                view = await work()
                await self._web.write(
                    "views.update", interactive=True, view=self.view_seal.close(view, delivery), **place
                )
                better = None if corrected is None else await corrected()
                if better is not None:
                    sealed = self.view_seal.close(better, delivery)
                    await self._web.write("views.update", interactive=True, view=sealed, **place)
            except ViewClosed:
                raise
            except Exception as error:  # noqa: BLE001  # the person looks at a loading view: it must not stay for ever
                sentence = report(error, doing=f"filling the view opened by {delivery.id}")
                shown = error_view(sentence, title=_title(loading))
                await self._web.write("views.update", interactive=True, view=shown, **place)
        except ViewClosed:
            logger.info("%s: the modal was closed before it was filled, or never opened", delivery.id)
            if unsure is not None:
                raise unsure from None

    @property
    def busy(self) -> int:
        """How many background tasks there are."""
        return len(self._tasks)

    async def drain(self, *, grace: float) -> None:
        """Wait for background work, at most `grace` seconds, then cancel what is left."""
        tasks = set(self._tasks)
        if not tasks:
            return
        _, pending = await asyncio.wait(tasks, timeout=grace)
        for task in pending:
            task.cancel()
        if pending:
            logger.warning("stopped %d background tasks that did not end within %.0f s", len(pending), grace)
            await asyncio.gather(*pending, return_exceptions=True)


def error_view(sentence: str, *, title: str = _DID_NOT_WORK) -> dict[str, Any]:
    """A modal that says what went wrong and nothing else."""
    return modal("error", title, [section(harmless(sentence))], close=tr("Close"))


def _title(view: Mapping[str, Any]) -> str:
    title = view.get("title")
    return str(title.get("text", "")) if isinstance(title, Mapping) else _DID_NOT_WORK
