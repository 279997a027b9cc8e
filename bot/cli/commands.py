"""The commands and their arguments. Each does its imports when it runs, so that `--help` is quick."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from bot.settings import load

Subparsers = Any  # argparse keeps the type of add_subparsers' answer private


def add_all(subparsers: Subparsers) -> None:
    """Add every command."""
    serve = subparsers.add_parser("serve", help="run the bot and its worker", description=_SERVE)
    serve.add_argument("--no-worker", action="store_true", help="answer Slack only; `keydesk work` does the rest")
    serve.set_defaults(run=_serve)
    work = subparsers.add_parser("work", help="run the worker alone", description="Works off what `serve` has stored.")
    work.set_defaults(run=_work)
    sandbox = subparsers.add_parser("sandbox", help="try it in a browser, without Slack", description=_SANDBOX)
    sandbox.add_argument("--port", type=int, default=3100, help="port of the page (default %(default)s)")
    sandbox.add_argument("--no-open", action="store_true", help="do not open a browser")
    sandbox.add_argument("--socket-mode", action="store_true", help="let the bot use Socket Mode instead of HTTP")
    sandbox.add_argument("--profile", default="cometapi", help="kind of gateway (default %(default)s)")
    sandbox.set_defaults(run=_sandbox)
    migrate = subparsers.add_parser("migrate", help="bring the database up to date")
    migrate.set_defaults(run=_migrate)


_SERVE = (
    "Runs the bot: Socket Mode when SLACK_APP_TOKEN is set, else HTTP at /slack/events. /alerts, /healthz, /readyz and "
    "/metrics are on PORT either way. A new database is created; an old one is brought up to date."
)
_SANDBOX = (
    "Starts a small Slack, a gateway and the bot on this machine, fills them with people, channels and keys, and shows "
    "them on one page. Needs no setting and no network; everything is gone when it ends."
)


def _serve(arguments: argparse.Namespace) -> int:
    from bot.cli.serving import serve  # noqa: PLC0415  # quick --help

    return serve(load(), work=not arguments.no_worker)


def _work(_arguments: argparse.Namespace) -> int:
    from bot.cli.serving import work  # noqa: PLC0415  # quick --help

    return work(load())


def _sandbox(arguments: argparse.Namespace) -> int:
    from bot.sandbox.run import run  # noqa: PLC0415  # quick --help

    return run(
        port=arguments.port,
        open_browser=not arguments.no_open,
        socket_mode=arguments.socket_mode,
        profile=arguments.profile,
    )


def _migrate(_arguments: argparse.Namespace) -> int:
    from bot.app import prepare_database  # noqa: PLC0415  # quick --help
    from bot.db.engine import open_database  # noqa: PLC0415
    from bot.settings import load_database_url  # noqa: PLC0415

    database = open_database(load_database_url())
    try:
        done = prepare_database(database)
    finally:
        database.close()
    print("\n".join(f"applied {name}" for name in done) or "nothing to do: the database is up to date")
    return 0
