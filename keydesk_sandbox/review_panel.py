"""The sandbox's “Start a key review”: what `keydesk review start` does, and a round of the bot at once.

POST /sandbox/api/gateway/review  {}   → {"ok","id"}
"""

from collections.abc import Callable
from typing import Any

from starlette.routing import BaseRoute, Route

from bot.review import store
from bot.review.rounds import BY_COMMAND
from bot.services import Services
from keydesk_sandbox.panel import RefusedError, local_post


class ReviewPanel:
    """`services`: the running bot, None until it runs."""

    def __init__(self, services: Callable[[], Services | None]) -> None:
        self._services = services

    def routes(self) -> list[BaseRoute]:
        """To be served beside the panel's."""
        return [Route("/sandbox/api/gateway/review", local_post(self.start), methods=["POST"])]

    async def start(self, _body: dict[str, Any]) -> dict[str, Any]:
        """Ask for a review and begin it."""
        services = self._services()
        if services is None:
            raise RefusedError("The bot does not run yet.")
        number = await services.database.run(store.ask, by=BY_COMMAND, now=services.clock())
        if number is None:
            raise RefusedError("A key review is open already: decide about its keys, or move the clock to its end.")
        await services.review.rounds.run()
        return {"id": number}
