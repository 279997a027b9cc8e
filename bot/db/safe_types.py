"""Column types for texts and JSON: whatever looks like a secret is replaced before it reaches the database.

So the rule holds for every table and every way in, not for the forms that thought of it. Columns that hold no text of
people or of other systems (ids, states) keep plain types; a test names those that may.
"""

from typing import Any

import sqlalchemy as sa

from bot.redaction import redact, redact_all


class SafeText(sa.types.TypeDecorator[str]):
    """TEXT without secrets."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's
        """Replace secrets before the value is stored."""
        return None if value is None else redact(value, wide=False)


class SafeJson(sa.types.TypeDecorator[Any]):
    """JSON without secrets, names of fields included."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002  # SQLAlchemy's
        """Replace secrets before the value is stored."""
        return redact_all(value, wide=False)
