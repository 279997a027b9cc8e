"""What Bolt answers for us: Slack's questions about the app itself, url_verification and ssl_check.

Everything else goes to our own table (edge.py, router.py). Bolt's own dispatch costs as much processor time as the
whole of a help answer (docs/decisions/0002-slack-edge.md), so it is loaded only when Slack asks. Signatures have been
checked before.
"""

import functools
import logging
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.payloads import MalformedPayload
from bot.slack.web_client import quiet_logger

_UNUSED = "checked before"


async def answer_about_app(body: dict[str, Any]) -> str:
    """The body of the answer, JSON or "". Raises MalformedPayload for what Bolt cannot read."""
    try:
        # Ready-made dicts are what Bolt calls socket_mode; HTTP bodies are decoded by us, once.
        response = await _bolt().async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    except Exception as error:
        raise MalformedPayload("Bolt cannot read it") from error
    if response.status != 200:
        raise MalformedPayload(f"Bolt answers {response.status}")
    return response.body


@functools.cache
def _bolt() -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None)

    logger = quiet_logger("bolt")
    # It warns that the token in the environment is not used; it is, by our own client.
    logger.setLevel(logging.ERROR)
    return AsyncApp(
        name="keydesk",
        logger=logger,
        # Never used, since the check is ours; without it Bolt would look into the environment.
        signing_secret=_UNUSED,
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,
    )
