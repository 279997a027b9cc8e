"""Column types for texts and JSON: whatever looks like a secret is replaced before it reaches the database.

So the rule holds for every table and every way in, not for the forms that thought of it. Columns that hold no text of
people or of other systems (ids, states) keep plain types; a test names those that may.
"""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot.languages.sentence import Sentence, from_stored, to_stored
from bot.redaction import redact, redact_all


class SafeText(sa.types.TypeDecorator[str]):
    """TEXT without secrets."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's
        """Replace secrets before the value is stored."""
        return None if value is None else redact(value, wide=False)


class SafeSentence(SafeText):
    """TEXT without secrets that may be a sentence of ours, kept as JSON: each reader gets it in their language."""

    cache_ok = True
    _MARK = '{"say":'

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """A Sentence, or what a model made of it, as JSON; any other text cannot pose as one."""
        if isinstance(value, Sentence | Mapping):
            kept = to_stored(value) if isinstance(value, Sentence) else value
            return json.dumps(redact_all(kept, wide=False), ensure_ascii=False)
        text = super().process_bind_param(value, dialect)
        return f" {text}" if text is not None and text.startswith(self._MARK) else text

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002  # as above
        """The text in the language of the moment."""
        if value is None or not value.startswith(self._MARK):
            return value
        try:
            return from_stored(json.loads(value))
        except (ValueError, TypeError, AttributeError, KeyError):
            return value  # somebody typed it before sentences were kept, or through a replica of that version


class SafeJson(sa.types.TypeDecorator[Any]):
    """JSON without secrets, names of fields included."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002  # SQLAlchemy's
        """Replace secrets before the value is stored."""
        return redact_all(value, wide=False)
