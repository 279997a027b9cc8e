"""Prints the table of operations for docs/operations.md (`make docs`)."""

import sys

from bot.features import OPERATIONS

if __name__ == "__main__":
    sys.stdout.write(OPERATIONS.table())
