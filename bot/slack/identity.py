"""Asks Slack who we are, once, when the bot starts. Knows nothing of what follows."""

import asyncio
import logging
import time
from collections.abc import Mapping

from bot.errors import CannotStart, ConfigurationError
from bot.slack.edge import Identity
from bot.slack.errors import FATAL_CODES, SlackError, SlackRefused
from bot.slack.web_client import SlackWebClient

logger = logging.getLogger(__name__)

SLACK_SECONDS = 30.0


async def identify(web: SlackWebClient, *, api_url: str) -> Identity:
    """Ask who we are. Slack may be away for a moment when a machine starts, so it is asked for some seconds.

    Raises ConfigurationError and CannotStart.
    """
    end = time.monotonic() + SLACK_SECONDS
    while True:
        try:
            answer = await web.read("auth.test")
        except SlackError as error:
            code = error.code if isinstance(error, SlackRefused) else ""
            if code in FATAL_CODES:
                problem = f"SLACK_BOT_TOKEN: Slack does not take it ({code}); copy it again."
                raise ConfigurationError([problem]) from None
            if time.monotonic() > end:
                raise CannotStart(f"Slack cannot be reached at {api_url}; look at the network.") from None
            await asyncio.sleep(1.0)
        else:
            bot_id = str(answer.get("bot_id", ""))
            return Identity(
                team_id=str(answer.get("team_id", "")),
                bot_user_id=str(answer.get("user_id", "")),
                bot_id=bot_id,
                app_id=await _app_id(web, bot_id),
            )


async def _app_id(web: SlackWebClient, bot_id: str) -> str:
    """Our app's id; "" when Slack does not say it now: what it is compared with is signed in any case."""
    try:
        bot = (await web.read("bots.info", bot=bot_id)).get("bot")
    except SlackError as error:
        logger.info("the app's id is not known: bots.info says %s", getattr(error, "code", "nothing"))
        return ""
    return str(bot.get("app_id", "")) if isinstance(bot, Mapping) else ""
