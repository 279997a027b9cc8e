"""The command line: read Settings, build, run. `keydesk X` = `python -m bot X`.

Exit codes: 0 well, 1 a check said no or the start failed, 2 wrong settings, files or arguments.
"""

import os
import sys
from collections.abc import Sequence

from bot.cli.commands import parser
from bot.errors import BotError, CannotStart, ConfigurationError
from bot.logs import visible

INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911  # one return per exit code, in sight
    """Run one command and return its exit code."""
    found = parser()
    chosen = found.parse_args(arguments)
    if chosen.command is None:
        found.print_help()
        return 2
    try:
        code = int(chosen.run(chosen))
        sys.stdout.flush()
    except ConfigurationError as error:
        for problem in error.problems:
            print(visible(problem), file=sys.stderr)
        return 2
    except CannotStart as error:
        print(visible(error.sentence), file=sys.stderr)
        return 1
    except BotError as error:
        print(visible(error.sentence), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`keydesk audit export | head`). What is still in the buffer must go
        # somewhere, or Python complains at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    raise SystemExit(main())
