"""The command line: read Settings, build, run. `keydesk X` = `python -m bot X`.

Exit codes: 0 well, 1 a check said no, 2 wrong settings, files or arguments.
"""

import argparse
import sys
from collections.abc import Sequence

from bot import __version__
from bot.cli import commands
from bot.errors import ConfigurationError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help()
        return 2
    try:
        return int(chosen.run(chosen))
    except ConfigurationError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output went away (`keydesk audit export | head`).
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keydesk",
        description="The key desk of a Slack workspace.",
        epilog="Settings are in the environment or .env.",
    )
    parser.add_argument("--version", action="version", version=f"keydesk {__version__}")
    parser.set_defaults(command=None)
    commands.add_all(parser.add_subparsers(dest="command", metavar="COMMAND"))
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
