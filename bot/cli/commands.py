"""The commands and their arguments. Each does its imports when it runs, so that `--help` is quick."""

import argparse
import gc
import sys
from pathlib import Path
from typing import Any

from bot import __version__
from bot.cli import policy_commands, review_commands
from bot.settings import load_database_url, proxies, read

Subparsers = Any  # argparse keeps the type of add_subparsers' answer private


def parser() -> argparse.ArgumentParser:
    """Every command and its arguments."""
    found = argparse.ArgumentParser(
        prog="keydesk",
        description="The key desk of a Slack workspace: ask for, approve, change and kill API keys of an LLM gateway.",
        epilog="Settings come from the environment, then from .env in the working directory; .env.example lists them "
        "(`python -m bot.cli.env_example` prints it). `keydesk COMMAND --help` says what a command needs. Without any "
        "setting: `keydesk sandbox`. Exit codes: 0 well, 1 a check said no or the start failed, 2 wrong settings, "
        "files or arguments, 130 ended by Ctrl-C.",
    )
    found.add_argument("--version", action="version", version=f"keydesk {__version__}")
    found.set_defaults(command=None)
    add_all(found.add_subparsers(dest="command", metavar="COMMAND"))
    return found


def add_all(subparsers: Subparsers) -> None:
    """Add every command, in the order of the README."""
    serve = _add(subparsers, "serve", "run the bot and its worker", _SERVE)
    serve.add_argument(
        "--no-worker",
        action="store_true",
        help="answer Slack only; `keydesk work`, another process on the same PostgreSQL, does the rest",
    )
    serve.set_defaults(run=_serve)
    _add(subparsers, "work", "run the worker alone, beside `serve --no-worker`", _WORK).set_defaults(run=_work)
    sandbox = _add(subparsers, "sandbox", "try it in a browser, without Slack", _SANDBOX)
    sandbox.add_argument("--port", type=_port, default=3100, metavar="N", help="port of the page (default %(default)s)")
    sandbox.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="address of the page; 0.0.0.0 in a container only"
    )
    sandbox.add_argument("--no-open", action="store_true", help="do not open a browser")
    sandbox.add_argument("--socket-mode", action="store_true", help="let the bot use Socket Mode instead of HTTP")
    sandbox.add_argument(
        "--profile",
        default="cometapi",
        metavar="KIND",
        help="kind of gateway: cometapi, upstream-g1, upstream-g2, upstream-g3 or sibling (default %(default)s)",
    )
    sandbox.add_argument(
        "--gateways",
        type=int,
        choices=(1, 2),
        default=1,
        help="2: with a second account of its own, called prod in the policy (default %(default)s)",
    )
    sandbox.set_defaults(run=_sandbox)
    _add(subparsers, "migrate", "bring the database up to date", _MIGRATE).set_defaults(run=_migrate)
    backup = _add(subparsers, "backup", "a consistent copy of the SQLite database", _BACKUP)
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file")
    backup.set_defaults(run=_backup)
    restore = _add(subparsers, "restore", "put a copy in the place of the SQLite database", _RESTORE)
    restore.add_argument("file", type=Path, metavar="FILE", help="what `keydesk backup` wrote")
    restore.add_argument("--moved", action="store_true", help="nothing happened since the copy: open requests go on")
    restore.set_defaults(run=_restore)
    _add(subparsers, "adopt-account", "agree to another account of the gateway", _ADOPT).set_defaults(run=_adopt)
    check = _add(subparsers, "check", "look whether everything is set up well", _CHECK)
    check.add_argument("--try", dest="try_key", action="store_true", help="ask the gateway by a key without quota")
    check.add_argument("--gateway", default="default", metavar="NAME", help="of several gateways, the one to --try")
    check.set_defaults(run=_check)
    policy_commands.add(_add(subparsers, "policy", "lint, explain, test and replay policies", policy_commands.ABOUT))
    audit = _add(subparsers, "audit", "export and verify the record", _AUDIT)
    parts = audit.add_subparsers(dest="audit_command", metavar="COMMAND", required=True)
    export = _add(parts, "export", "the record on standard output", _EXPORT)
    export.add_argument("--format", choices=("jsonl", "csv", "ocsf"), default="jsonl", help="default %(default)s")
    export.set_defaults(run=_export)
    verify = _add(parts, "verify", "proof that nothing in the record was changed", _VERIFY)
    against = verify.add_mutually_exclusive_group()
    against.add_argument("--head", metavar="FILE", help="an earlier export, its last line, or a signed note")
    against.add_argument("--anchor", action="store_true", help="the heads in KEYDESK_ANCHOR_CHANNEL")
    verify.set_defaults(run=_verify)
    review_commands.add(_add(subparsers, "review", "have people look at keys, and prove it", review_commands.ABOUT))


def _add(subparsers: Subparsers, name: str, short: str, long: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=short, description=long, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 (any free one) to 65535")
    return number


_SERVE = """\
Runs the bot: Socket Mode when SLACK_APP_TOKEN is set, else HTTP at /slack/events on PORT.
/alerts, /healthz and /readyz are on PORT either way, /metrics on KEYDESK_METRICS_PORT. A new database is created, an
old one is brought up to date. Ctrl-C or SIGTERM ends it; work that is left goes on at the next start.

Needs SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, COMETAPI_ACCESS_TOKEN, KEYDESK_CHANNEL and the policy
file: KEYDESK_POLICY, by default policy.toml in the working directory. The database is DATABASE_URL, by
default the SQLite file keydesk.sqlite in the working directory; one process can use a SQLite file. PORT is
3000 by default, on every address (KEYDESK_HOST). Try `keydesk check` first.

When PostgreSQL does not answer at the start, it is asked again for 60 seconds, and Slack for 30; then
this ends with 1, so that a host (Procfile, systemd, Kubernetes) starts it again. Later outages end nothing.

Exit codes: 0 stopped when told to, 1 could not start (the last lines say why), 2 wrong settings or policy."""
_WORK = """\
Works off what `serve --no-worker` has stored: calls to the gateway, timers, messages to Slack.
Needs the settings of `serve`, and PostgreSQL: a SQLite file is for one process. Several may run at
once; what one leaves behind when it dies, another takes over within 10 seconds. It serves /metrics alone.

Exit codes: 0 stopped when told to, 1 PostgreSQL did not answer for 60 seconds or Slack for 30, 2 wrong settings
or policy."""
_SANDBOX = """\
Starts a small Slack, a gateway and the bot on this machine, fills them with people, channels and
keys, and shows them on one page; prints its address, and where its policy file is, which you may
change while it runs. Reads no setting and no .env, needs no network; everything is gone when it ends.
Ctrl-C ends it.

Exit codes: 0 ended, 2 the port is taken or there is no such profile."""
_MIGRATE = """\
Creates the tables of DATABASE_URL, or brings them up to date, and says what it did. `serve` does the
same when it starts; this is for release steps. Twice is harmless. A SQLite file must not be in use.
DATABASE_URL is by default the SQLite file keydesk.sqlite in the working directory; no other setting is needed.

Exit codes: 0 done or nothing to do, 1 PostgreSQL did not answer for 60 seconds, 2 the database cannot be used."""
_BACKUP = """\
Copies the SQLite database of DATABASE_URL to a new FILE, readable by its owner alone; may run while `serve` runs.
The file holds requests and the record, no value of a key. For PostgreSQL use pg_dump.

Exit codes: 0 copied, 2 no such database, FILE exists or cannot be written."""
_RESTORE = """\
Puts FILE, made by `keydesk backup`, in the place of the SQLite database of DATABASE_URL. `serve` must be stopped. The
database that was there is kept beside it. What was open in the copy may have been done since: it is ended, and whoever
asked is told to look and to ask again. With --moved, for a move to another machine, it goes on. The record continues
from the copy: `keydesk audit verify --head` against a later head will say that lines are missing, and it is right.

Exit codes: 0 restored, 2 FILE is not a sound database of this or an older version, or the database is in use."""
_ADOPT = """\
The database is about one account at one gateway. When the gateway shows another account, or has another
address, nobody owns a key until you agree with this command: after a move to another address, say. Keys
that are other ones than before stay without an owner. May run while `serve` runs, which must have seen it.

Reads DATABASE_URL. Exit codes: 0 done or nothing to do, 2 there is no migrated database."""
_CHECK = """\
Looks at the settings and the rights of files, Slack (token, scopes, channels, user groups, every card and
form of this version), manifest, gateway, policy, sources of alerts, webhook and database. A line each:

  ok|warn|FAIL  subject: what is; what to do about it

Names that look like misspelled settings are told as well. Run it where `serve` runs: same directory, same
environment. Changes nothing, posts nothing, prints no secret. May run while `serve` runs.

--try makes one key without quota, changes, disables and deletes it, and prints what this gateway does of all that
differs between gateways (docs/gateways.md). Where the policy file has [gateways], every gateway is looked at, and
--gateway NAME says which one to try; that of the settings (COMETAPI_...) is called default.

Exit codes: 0 no FAIL (there may be warnings), 1 at least one FAIL, 2 .env cannot be read."""
_AUDIT = """\
The record of who did what, when and why. Reads DATABASE_URL (by default the SQLite file keydesk.sqlite in the
working directory); may run while `serve` runs."""
_EXPORT = """\
Writes the whole record to standard output, oldest first; the last line is the head: how many lines
there are and the hash of the last one, signed. Keep the export, or its last line, elsewhere: with
`keydesk audit verify --head FILE` it shows later whether somebody rewrote the record. docs/audit.md
describes the fields. jsonl: a JSON object a line. csv: a table. ocsf: for security information systems.

Reads DATABASE_URL, and SLACK_SIGNING_SECRET, from which the signing key is derived; without it the
head is not signed. Exit codes: 0 written, 2 there is no migrated database."""
_VERIFY = """\
Checks the chain of hashes: no line was changed, removed, reordered or inserted. Prints
`ok: N lines`, or the first thing that is wrong.

Whoever can write the database can make a whole new chain. With --head or --anchor the record must also
go on from heads that were kept outside of the database: a rewritten, cut or emptied record is found.

Reads DATABASE_URL; --head also SLACK_SIGNING_SECRET, to check the signature; --anchor also
SLACK_BOT_TOKEN and KEYDESK_ANCHOR_CHANNEL.
Exit codes: 0 whole, 1 not whole or no head of ours, 2 there is no migrated database, no such file or setting."""


def _serve(arguments: argparse.Namespace) -> int:
    gc.disable()  # off until it serves, because almost nothing that a start allocates is garbage
    from bot.cli.server import serve  # noqa: PLC0415  # quick --help, here and below

    partial = read(whole=True)
    settings, files = partial.complete(), partial.secret_files()
    return serve(settings, work=not arguments.no_worker, strays=partial.strays, secret_files=files)


def _work(_arguments: argparse.Namespace) -> int:
    from bot.cli.server import work  # noqa: PLC0415

    partial = read(whole=True)
    return work(partial.complete(), strays=partial.strays, secret_files=partial.secret_files())


def _sandbox(arguments: argparse.Namespace) -> int:
    from keydesk_sandbox.run import run  # noqa: PLC0415

    return run(
        host=arguments.host,
        port=arguments.port,
        open_browser=not arguments.no_open,
        socket_mode=arguments.socket_mode,
        profile=arguments.profile,
        gateways=arguments.gateways,
    )


def _migrate(_arguments: argparse.Namespace) -> int:
    from bot.db.engine import SERVER_SECONDS, open_database  # noqa: PLC0415  # quick --help

    database = open_database(load_database_url(), patience=SERVER_SECONDS)
    try:
        from bot.app import prepare_database  # noqa: PLC0415  # a server that is away is told of before this is loaded

        done = prepare_database(database)
    finally:
        database.close()
    print("\n".join(f"applied {name}" for name in done) or "nothing to do: the database is up to date")
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from bot.cli.backup import backup  # noqa: PLC0415

    print(backup(load_database_url(), arguments.file))
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from bot.cli.backup import restore  # noqa: PLC0415

    print(restore(load_database_url(), arguments.file, moved=arguments.moved))
    return 0


def _adopt(_arguments: argparse.Namespace) -> int:
    import time  # noqa: PLC0415

    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415
    from bot.keys.account import adopt_account  # noqa: PLC0415

    with open_read_only(load_database_url()) as database, database.engine.begin() as c:
        print(adopt_account(c, time.time()))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415

    from bot import logs  # noqa: PLC0415
    from bot.cli.check import check  # noqa: PLC0415

    partial = read(whole=True)
    # Our own lines say what is wrong; the log would say it again, at length.
    logs.configure(secrets=partial.settings.secrets(), level="CRITICAL")
    return asyncio.run(
        check(partial, out=sys.stdout, proxies=proxies(), try_key=arguments.try_key, try_at=arguments.gateway)
    )


def _export(arguments: argparse.Namespace) -> int:
    from bot.cli.audit import export_record, signer_of  # noqa: PLC0415
    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415

    with open_read_only(load_database_url()) as database:
        return export_record(database, out=sys.stdout, err=sys.stderr, signer=signer_of(read()), form=arguments.format)


def _verify(arguments: argparse.Namespace) -> int:
    from bot.audit.signed_head import UntrustedHead  # noqa: PLC0415
    from bot.cli.audit import anchored_heads, kept_head, signer_of, verify_record  # noqa: PLC0415
    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415

    partial = read()
    heads = []
    with open_read_only(load_database_url()) as database:
        if arguments.anchor:
            heads = anchored_heads(partial)
            if not heads:
                print("There is no anchor of Keydesk in KEYDESK_ANCHOR_CHANNEL.")
                return 1
        elif arguments.head:
            try:
                heads = [kept_head(Path(arguments.head), signer_of(partial))]
            except UntrustedHead as error:
                print(f"{arguments.head}: {error}")
                return 1
            if not heads[0].signed:
                print(
                    f"keydesk: the head in {arguments.head} is not signed; anybody could have written it.",
                    file=sys.stderr,
                )
        return verify_record(database, out=sys.stdout, heads=heads)
