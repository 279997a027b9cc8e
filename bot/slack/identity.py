"""Asks Slack who we are and which workspace is served, once, when the bot starts. Knows nothing of what follows."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Protocol

from bot.errors import CannotStart, ConfigurationError
from bot.slack.delivery import text_of
from bot.slack.edge import Identity
from bot.slack.errors import FATAL_CODES, SlackError, SlackRefused

logger = logging.getLogger(__name__)

SLACK_SECONDS = 30.0
# So long nothing is said of a Slack that does not answer.
SILENT_SECONDS = 0.3
# A thousand workspaces a page; no organisation is known to have more than a few thousand.
_MOST_PAGES = 20


class ReadingWeb(Protocol):
    """The part of web_client.SlackWebClient that is needed here."""

    async def read(self, method: str, **params: Any) -> dict[str, Any]: ...


async def identify(web: ReadingWeb, *, api_url: str, team_id: str | None = None) -> Identity:
    """Ask who we are. Slack may be away for a moment when a machine starts, so it is asked for some seconds.

    `team_id`: the workspace that the operator names, which an org-wide install needs. Raises ConfigurationError and
    CannotStart.
    """
    end = time.monotonic() + SLACK_SECONDS
    # A start that is silent looks as if it hung.
    waits = "waiting for Slack at %s, which has not answered yet; it is asked for %.0f s"
    waiting = asyncio.get_running_loop().call_later(SILENT_SECONDS, logger.warning, waits, api_url, SLACK_SECONDS)
    try:
        answer = await _answer(web, api_url, end)
    finally:
        waiting.cancel()
    if problem := await workspace_problem(web, answer, team_id=team_id):
        raise ConfigurationError([problem])
    organisation = organisation_of(answer)
    bot_id = text_of(answer, "bot_id")
    return Identity(
        team_id=team_id if team_id and organisation else text_of(answer, "team_id"),
        organisation=organisation,
        bot_user_id=text_of(answer, "user_id"),
        bot_id=bot_id,
        app_id=await _app_id(web, bot_id),
        # Of an organisation it is the organisation's own, where no message has its address.
        url="" if organisation else text_of(answer, "url"),
    )


async def _answer(web: ReadingWeb, api_url: str, end: float) -> Mapping[str, Any]:
    while True:
        try:
            return await web.read("auth.test")
        except SlackError as error:
            code = error.code if isinstance(error, SlackRefused) else ""
            if code in FATAL_CODES:
                problem = f"SLACK_BOT_TOKEN: Slack does not take it ({code}); copy it again."
                raise ConfigurationError([problem]) from None
            if time.monotonic() > end:
                raise CannotStart(f"Slack cannot be reached at {api_url}; look at the network.") from None
            await asyncio.sleep(1.0)


def organisation_of(answer: Mapping[str, Any]) -> str:
    """The organisation whose token this is, by the answer of auth.test; "" for the token of one workspace."""
    team_id = text_of(answer, "team_id")
    if answer.get("is_enterprise_install") is True or team_id.startswith("E"):
        return text_of(answer, "enterprise_id") or team_id
    return ""


async def workspace_problem(web: ReadingWeb, answer: Mapping[str, Any], *, team_id: str | None) -> str:
    """What is wrong with the workspace that is to be served, with the mend; "" when nothing is.

    `answer`: of auth.test. Only a token of the whole organisation costs another call.
    """
    if not organisation_of(answer):
        real = text_of(answer, "team_id")
        if team_id in {None, real}:
            return ""
        return (
            f"SLACK_TEAM_ID is {team_id}, but SLACK_BOT_TOKEN belongs to {real}: leave SLACK_TEAM_ID out, or take the "
            "token of that workspace."
        )
    if team_id is None:
        return (
            "SLACK_BOT_TOKEN is of an org-wide install (Enterprise Grid), and Keydesk serves one workspace: set "
            "SLACK_TEAM_ID to its id (T…), or install the app in that workspace alone."
        )
    known = await _workspaces(web)
    if known is None or team_id in known:
        return ""
    return (
        f"The app is not in the workspace {team_id} of SLACK_TEAM_ID: an administrator of the organisation adds it "
        "there, or SLACK_TEAM_ID names another one."
    )


async def _workspaces(web: ReadingWeb) -> frozenset[str] | None:
    """The workspaces of the organisation that have the app; None when Slack does not tell all of them."""
    found: set[str] = set()
    cursor = None
    for _ in range(_MOST_PAGES):
        try:
            answer = await web.read("auth.teams.list", limit=1000, cursor=cursor)
        except SlackError as error:
            logger.info("the workspaces of the app are not known: %s", getattr(error, "code", "no answer"))
            return None
        teams, metadata = answer.get("teams"), answer.get("response_metadata")
        found |= (
            {text_of(team, "id") for team in teams if isinstance(team, Mapping)} if isinstance(teams, list) else set()
        )
        cursor = text_of(metadata, "next_cursor") if isinstance(metadata, Mapping) else ""
        if not cursor:
            return frozenset(found)
    return None


async def _app_id(web: ReadingWeb, bot_id: str) -> str:
    """Our app's id; "" when Slack does not say it now: what it is compared with is signed in any case."""
    try:
        bot = (await web.read("bots.info", bot=bot_id)).get("bot")
    except SlackError as error:
        logger.info("the app's id is not known: bots.info says %s", getattr(error, "code", "nothing"))
        return ""
    return str(bot.get("app_id", "")) if isinstance(bot, Mapping) else ""
