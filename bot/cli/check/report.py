"""One line per look: `ok|warn|FAIL  subject: what is; what to do`. Counts the failures. Never shows a secret."""

from collections.abc import Sequence
from typing import TextIO

from bot.logs import visible
from bot.redaction import redact


class Report:
    """Prints each line as soon as it is known. `secrets` are taken out of every line, whatever else went wrong."""

    def __init__(self, *, out: TextIO, secrets: Sequence[str]) -> None:
        self.failures = 0
        self.warnings = 0
        # The gateway of several that the lines are about; its name stands before their subjects.
        self.about = ""
        self._out = out
        self._secrets = tuple(secrets)

    def hide(self, secret: str) -> None:
        """Take one more secret out of every line."""
        self._secrets = (*self._secrets, secret)

    def ok(self, subject: str, what: str) -> None:
        """Print a line that begins with `ok`: this is as it should be."""
        self._line("ok", subject, what, "")

    def warn(self, subject: str, what: str, mend: str = "") -> None:
        """Print a line that begins with `warn`: Keydesk works, but somebody should look at this."""
        self.warnings += 1
        self._line("warn", subject, what, mend)

    def fail(self, subject: str, what: str, mend: str = "") -> None:
        """Print a line that begins with `FAIL`: Keydesk, or a part of it, does not work like this."""
        self.failures += 1
        self._line("FAIL", subject, what, mend)

    def _line(self, level: str, subject: str, what: str, mend: str) -> None:
        subject = f"{self.about}: {subject}" if self.about else subject
        text = f"{subject}: {what.rstrip('.')}" + (f"; {mend.rstrip('.')}" if mend else "")
        self._out.write(f"{level:<4}  {visible(redact(text, self._secrets))}\n")
