"""The bots that ours is compared with. python -m benchmarks.peers PORT default|tuned|row [DATABASE_URL]

`default`: Bolt as its documentation shows it; it waits for the acknowledgement in steps of 10 ms, so it sleeps.
`tuned`: Bolt with `process_before_response=True`, behind the same server as ours.
`row`: tuned, and a form is stored in one committed row before it is answered, as a good engineer would write by hand:
SQLite with a write-ahead log (synchronous=FULL, as ours), or PostgreSQL through psycopg with a few open connections.
"""

import asyncio
import json
import logging
import re
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from benchmarks.payloads import SECRET, TEAM

Store = Callable[[str, str, str], Awaitable[None]]
_TABLE = "CREATE TABLE IF NOT EXISTS wishes (view_id TEXT PRIMARY KEY, asked_by TEXT NOT NULL, answers TEXT NOT NULL)"
_CONNECTIONS = 8


def _sqlite(path: str) -> Store:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(_TABLE)

    async def store(view_id: str, user_id: str, answers: str) -> None:
        connection.execute("INSERT OR IGNORE INTO wishes VALUES (?, ?, ?)", (view_id, user_id, answers))

    return store


def _postgres(url: str) -> Store:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
    idle: asyncio.LifoQueue[psycopg.AsyncConnection] = asyncio.LifoQueue()
    made = 0

    async def take() -> psycopg.AsyncConnection:
        nonlocal made
        if idle.empty() and made < _CONNECTIONS:
            made += 1
            return await psycopg.AsyncConnection.connect(url, autocommit=True)
        return await idle.get()

    async def store(view_id: str, user_id: str, answers: str) -> None:
        connection = await take()
        try:
            await connection.execute(
                "INSERT INTO wishes VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (view_id, user_id, answers)
            )
        finally:
            idle.put_nowait(connection)

    return store


def _app(kind: str, database_url: str) -> AsyncApp:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_token="xoxb-bench", bot_id="B1", bot_user_id="U1")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=kind != "default")
    store = None
    if kind == "row":
        sqlite = database_url.startswith("sqlite:///")
        store = _sqlite(database_url.removeprefix("sqlite:///")) if sqlite else _postgres(database_url)

    @app.command("/apikey")
    async def command(ack) -> None:  # type: ignore[no-untyped-def]  # Bolt hands arguments over by name
        await ack("Type /apikey new to ask for a key.")

    @app.view(re.compile(""))
    async def view(ack, view, body) -> None:  # type: ignore[no-untyped-def]  # as above
        if store is not None:
            await store(view["id"], body["user"]["id"], json.dumps(view["state"]["values"]))
        await ack()

    return app


def main(port: int, kind: str, database_url: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    uvicorn.run(
        AsyncSlackRequestHandler(_app(kind, database_url)),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="off",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
