"""Slack's `data_table`: rows that people page through, sort and filter where they see them. Knows no key.

Limits (slack.md A5 and Slack's page of the block): the header and up to 100 rows of equal length, about 10,000
characters in all cells, cells of the header are plain text. The block is new: new_blocks.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.languages import said
from bot.slack.blocks import Block, date, truncate

ROWS, PAGE = 50, 10
CHARACTERS = 9_000
_CELL = 60


def text_cell(text: str) -> Block:
    """Plain text; nothing in it is parsed."""
    return {"type": "raw_text", "text": truncate(said(text), _CELL) or "–"}


def number_cell(value: float, text: str) -> Block:
    """A number by which rows are sorted, and how it is shown."""
    return {"type": "raw_number", "value": value, "text": truncate(said(text), _CELL) or "–"}


def person_cell(slack_user_id: str) -> Block:
    """A person, as a mention that calls nobody."""
    return _rich({"type": "user", "user_id": slack_user_id})


def date_cell(at: float) -> Block:
    """A day in the reader's own zone."""
    token = date(at, style="{date_short_pretty}")
    fallback = token.rpartition("|")[2].rstrip(">")
    return _rich({"type": "date", "timestamp": int(at), "format": "{date_short_pretty}", "fallback": fallback})


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """`caption`: read to people who do not see it. `columns`: what stands above each."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Block]]

    def block(self) -> Block:
        """Slack's block. What is over its limits is left out at the end, so keep to ROWS."""
        head = [text_cell(column) for column in self.columns]
        kept, used = [head], sum(map(_weight, head))
        for row in self.rows[:ROWS]:
            used += sum(map(_weight, row))
            if used > CHARACTERS:
                break
            kept.append(list(row))
        return {"type": "data_table", "caption": truncate(said(self.caption), 150), "rows": kept, "page_size": PAGE}


def _rich(element: Block) -> Block:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}


def _weight(cell: Block) -> int:
    # What is drawn of a person or a date is not longer than this.
    return len(cell["text"]) if "text" in cell else 25
