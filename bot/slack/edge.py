"""Between both transports and the router: is this for us, and what is the answer? Knows no feature and no HTTP.

Every payload that we know goes to Router.dispatch. Only Slack's own questions about the app (is it alive, does its
certificate hold) go to Bolt, which is loaded when one comes (bolt.py).
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.languages import ENGLISH, current, speaking
from bot.slack.ack_body import body_of
from bot.slack.delivery import Ack, Delivery, Ephemeral, Kind, text_of
from bot.slack.error_report import report
from bot.slack.payloads import NotForUs, to_delivery
from bot.slack.responder import Responder
from bot.slack.router import Answer, Router
from bot.slack.web_client import outgoing

logger = logging.getLogger(__name__)

# Slack gives up after 3 s, counted from when it sent it.
PATIENCE_SECONDS = 2.5
# What can be answered with nothing, and in words later. An unanswered submission keeps its modal open, and a second
# try has the same id; choices for a select are of no use later; events are answered before anything slow.
_LATER = frozenset({Kind.COMMAND, Kind.ACTION, Kind.SHORTCUT, Kind.MESSAGE_SHORTCUT})
# Anyone in a shared channel may click, and the policy refuses outsiders with a sentence.
_OPEN_TO_ALL = frozenset({Kind.ACTION, Kind.VIEW_CLOSED})
_OTHER_APP, _OTHER_TEAM = "another app", "another workspace"
# Instead of events, above 30,000 of them in an hour (slack.md A2).
_HELD_BACK = "app_rate_limited"
Note = Callable[[Delivery], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who we are in Slack. `app_id` "" when it is not known: then it is not compared.

    `team_id`: the one workspace that is served. `organisation`: the Enterprise Grid organisation of an org-wide
    install, else "". `url`: of the workspace that the token belongs to, "" = not known.
    """

    team_id: str
    organisation: str = ""
    bot_user_id: str = ""
    bot_id: str = ""
    app_id: str = ""
    url: str = ""

    def other_team(self, delivery: Delivery) -> bool:
        """Whether this is not for our workspace: another one may have the app, and share its secret."""
        ours = delivery.team_id == self.team_id or delivery.kind in _OPEN_TO_ALL or self._of_organisation(delivery)
        if delivery.user_team_id == delivery.team_id:
            # Somebody of another workspace in a window of ours: the policy refuses them with a sentence, too.
            view = delivery.payload.get("view")
            ours = ours or (isinstance(view, Mapping) and text_of(view, "app_installed_team_id") == self.team_id)
        if delivery.kind is Kind.EVENT:
            # In a shared channel it may have happened at our partner's; the authorization says who is told.
            ours = ours or not delivery.team_id or self.team_id in _told(delivery.payload)
        return not ours

    def _of_organisation(self, delivery: Delivery) -> bool:
        """Whether an org-wide install gets this from its own organisation; who may do what the directory says."""
        if not self.organisation:
            return False
        payload = delivery.payload
        enterprise, view = payload.get("enterprise"), payload.get("view")
        named = {text_of(payload, "enterprise_id"), delivery.team_id, *_told(payload, "enterprise_id")}
        named.add(text_of(enterprise, "id") if isinstance(enterprise, Mapping) else "")
        named.add(text_of(view, "app_installed_team_id") if isinstance(view, Mapping) else "")
        return self.organisation in named

    def knows(self, team_id: str) -> bool:
        """Whether this is the id of our workspace, or of our organisation."""
        return team_id != "" and team_id in {self.team_id, self.organisation}


def _told(envelope: Mapping[str, Any], what: str = "team_id") -> list[str]:
    listed = envelope.get("authorizations")
    entries = listed if isinstance(listed, list) else []
    return [text_of(entry, what) for entry in entries if isinstance(entry, Mapping)]


@dataclass(kw_only=True, eq=False)
class Edge:
    """Payload in, the body of the answer out, as JSON. Both transports call `handle`.

    `on_stranger`: puts on record who of another workspace tried something. `on_held_back`: Slack delivers no events
    now, because there are too many.
    """

    router: Router
    responder: Responder
    me: Identity
    clock: Callable[[], float]
    on_stranger: Note | None = None
    on_held_back: Callable[[], Awaitable[None]] | None = None
    _app_agreed: bool = field(default=False, init=False)
    _fixed: dict[tuple[int, str], tuple[Ephemeral, str]] = field(default_factory=dict, init=False)

    async def handle(self, body: dict[str, Any]) -> str:
        """Answer one payload, "" for an empty answer. Raises MalformedPayload, or NotForUs; nothing else."""
        if body.get("type") == "url_verification" or body.get("ssl_check") == "1":
            from bot.slack.bolt import answer_about_app  # noqa: PLC0415  # asked when the app is set up, hardly ever later

            return await answer_about_app(body)
        if body.get("type") == _HELD_BACK:
            await self._held_back(body)
            return ""
        delivery = to_delivery(body, responder=self.responder, received_at=self.clock())
        if delivery is None:
            # Slack adds payload types now and then; an error would only make it try again.
            logger.info("a payload of a type that we do not use was acknowledged")
            return ""
        if stranger := self._stranger(delivery):
            await self._note(stranger, delivery)
            raise NotForUs(stranger)
        delivery = self.responder.view_seal.open(delivery)
        slow = delivery.kind in _LATER
        ack, language = await (_in_time(self.router, delivery) if slow else self.router.dispatch(delivery))
        if ack is None:
            return _written(ack, delivery)
        # What is still to be worded, a title or a button, is in the language of the answer.
        with speaking(language):
            if isinstance(ack, Ephemeral) and ack.fixed and delivery.kind is Kind.COMMAND:
                return self._written_once(ack, delivery)
            return _written(ack, delivery)

    async def _held_back(self, body: Mapping[str, Any]) -> None:
        if not self.me.knows(text_of(body, "team_id")):
            raise NotForUs(_OTHER_TEAM)
        if self.on_held_back is None:
            return
        try:
            await self.on_held_back()
        except Exception as error:  # noqa: BLE001  # as for strangers; Slack says it again in a minute
            report(error, doing="noting that Slack holds events back")

    def _written_once(self, ack: Ephemeral, delivery: Delivery) -> str:
        # The object is kept, so that no other one can get its id.
        place = (id(ack), current().tag)
        kept = self._fixed.get(place)
        if kept is None:
            kept = self._fixed[place] = (ack, _written(ack, delivery))
        return kept[1]

    def _stranger(self, delivery: Delivery) -> str:
        """Why this is not for us, "" when it is.

        Our app's id counts once a delivery has agreed with it: each is signed with our secret, so that one id which
        Slack told us otherwise must not turn everybody away.
        """
        app_id = text_of(delivery.payload, "api_app_id")
        self._app_agreed = self._app_agreed or (app_id != "" and app_id == self.me.app_id)
        if self._app_agreed and app_id not in {"", self.me.app_id}:
            return _OTHER_APP
        return _OTHER_TEAM if self.me.other_team(delivery) else ""

    async def _note(self, stranger: str, delivery: Delivery) -> None:
        # Events come by themselves: nobody tried anything.
        if self.on_stranger is None or stranger != _OTHER_TEAM or delivery.kind is Kind.EVENT:
            return
        try:
            await self.on_stranger(delivery)
        except Exception as error:  # noqa: BLE001  # a database that is away must not let a stranger in, nor be a 500
            report(error, doing=f"noting a stranger's {delivery.kind}")


def _written(ack: Ack, delivery: Delivery) -> str:
    answer = body_of(ack, delivery)
    return "" if answer is None else json.dumps(outgoing(answer))


async def _in_time(router: Router, delivery: Delivery) -> Answer:
    """The answer, or an empty one after 2.5 s: then what there is to say follows, where Slack takes it for long.

    A click or a shortcut that opens a window waits for Slack's Web API, which may hang for longer than Slack waits.
    """
    task = asyncio.ensure_future(router.dispatch(delivery))
    # Most answers are ready at once, and a timer for each would cost a sixth of the throughput.
    await asyncio.sleep(0)
    if not task.done():
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    if task.done():
        return task.result()
    logger.warning("%s takes longer than Slack waits; its answer follows", delivery.id)
    delivery.responder.later(_follow(task, delivery), delivery=delivery)
    return Answer(None, ENGLISH)


async def _follow(task: "asyncio.Future[Answer]", delivery: Delivery) -> None:
    ack, language = await task
    with speaking(language):
        if delivery.kind is not Kind.COMMAND:
            body_of(ack, delivery)  # no body: everything but a command's words is a call of its own
        elif isinstance(ack, Ephemeral):
            await delivery.responder.tell(delivery, ack.text, ack.blocks)
