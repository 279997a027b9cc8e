"""Arguments of `keydesk review …`, and what they are given to work with. The work itself is in review.py."""

import argparse
import sys
import time
from pathlib import Path

from bot.settings import load_database_url, read

ABOUT = """\
An access review: whoever decides what a person asks for looks at the keys of that person that have a reason to be
looked at, and keeps, shrinks or disables each. docs/reviews.md tells the whole story. A review is asked for here, or
begins by itself with `[review] every = "90d"` in the policy; a running `keydesk serve` carries it on.

All read DATABASE_URL (by default the SQLite file keydesk.sqlite in the working directory) and may run while `serve`
runs."""
_START = """\
Asks for a review. A running `serve` begins it within a minute, once it has listed all keys.

Reads DATABASE_URL. Exit codes: 0 asked for, 1 one is open already, 2 there is no migrated database."""
_STATUS = """\
Tells how far a review is: when it began and ends, how many reminders were sent, and how many keys stand where.

Reads DATABASE_URL. Exit codes: 0 told, 1 there is no such review, 2 there is no migrated database."""
_EXPORT = """\
Writes the evidence of a review to standard output, as one JSON object: who decided what about which key and when,
the key before and after, and the numbers and hashes of the lines of the record that say so. No value of a key.

Reads DATABASE_URL, and SLACK_SIGNING_SECRET, from which the signing key is derived; without it the evidence is
not signed. Exit codes: 0 written, 1 there is no such review, 2 there is no migrated database."""
_VERIFY = """\
Checks that the evidence in FILE is what Keydesk signed, to the last word. With --record also that the record still
has every line it names, and goes on from where it was then.

Reads SLACK_SIGNING_SECRET; --record also DATABASE_URL.
Exit codes: 0 as it was signed, 1 changed, not signed or signed with another key, 2 no such file or setting."""


def add(parser: argparse.ArgumentParser) -> None:
    """The sub-commands."""
    parts = parser.add_subparsers(dest="review_command", metavar="COMMAND", required=True)

    def command(name: str, short: str, long: str) -> argparse.ArgumentParser:
        return parts.add_parser(
            name, help=short, description=long, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    command("start", "ask for a review", _START).set_defaults(run=_start)
    status = command("status", "how far a review is", _STATUS)
    status.add_argument("number", nargs="?", type=int, metavar="ID", help="its number (default: the last one)")
    status.add_argument("--json", action="store_true", help="as a JSON object")
    status.set_defaults(run=_status)
    export = command("export", "the signed evidence of a review", _EXPORT)
    export.add_argument("number", type=int, metavar="ID", help="its number")
    export.set_defaults(run=_export)
    verify = command("verify", "proof that evidence was not changed", _VERIFY)
    verify.add_argument("file", type=Path, metavar="FILE", help="what `keydesk review export` wrote")
    verify.add_argument("--record", action="store_true", help="compare with the record in the database as well")
    verify.set_defaults(run=_verify)


def _start(_arguments: argparse.Namespace) -> int:
    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415  # quick --help, here and below
    from bot.cli.review import start_review  # noqa: PLC0415

    with open_read_only(load_database_url()) as database:
        return start_review(database, out=sys.stdout, now=time.time())


def _status(arguments: argparse.Namespace) -> int:
    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415
    from bot.cli.review import review_status  # noqa: PLC0415

    with open_read_only(load_database_url()) as database:
        return review_status(database, arguments.number, out=sys.stdout, as_json=arguments.json)


def _export(arguments: argparse.Namespace) -> int:
    from bot.cli.audit import signer_of  # noqa: PLC0415
    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415
    from bot.cli.review import export_review  # noqa: PLC0415

    signer = signer_of(read())
    with open_read_only(load_database_url()) as database:
        return export_review(database, arguments.number, out=sys.stdout, err=sys.stderr, signer=signer)


def _verify(arguments: argparse.Namespace) -> int:
    from bot.cli.audit import signer_of  # noqa: PLC0415
    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415
    from bot.cli.review import verify_review  # noqa: PLC0415
    from bot.errors import ConfigurationError  # noqa: PLC0415

    signer = signer_of(read())
    if signer is None:
        raise ConfigurationError(["SLACK_SIGNING_SECRET is needed to check the signature."])
    if not arguments.record:
        return verify_review(arguments.file, signer, out=sys.stdout)
    with open_read_only(load_database_url()) as database:
        return verify_review(arguments.file, signer, out=sys.stdout, database=database)
