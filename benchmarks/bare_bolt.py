"""The measure of all rows: a Bolt app with its defaults that only acknowledges. python -m benchmarks.bare_bolt PORT"""

import logging
import re
import sys

import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from benchmarks.payloads import SECRET, TEAM


def main(port: int) -> None:
    logging.basicConfig(level=logging.WARNING)

    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_token="xoxb-bench", bot_id="B1", bot_user_id="U1")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @app.command("/apikey")
    async def command(ack) -> None:  # type: ignore[no-untyped-def]  # Bolt hands arguments over by name
        await ack()

    @app.view(re.compile(""))
    async def view(ack) -> None:  # type: ignore[no-untyped-def]  # as above
        await ack()

    uvicorn.run(
        AsyncSlackRequestHandler(app),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="off",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
