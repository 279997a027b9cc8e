"""Slack's table of rows: within its limits whatever is in the cells."""

from bot.slack.tables import CHARACTERS, ROWS, DataTable, date_cell, number_cell, person_cell, text_cell
from keydesk_sandbox.fake_slack.blocks.surfaces import message_problems


def test_the_block_is_as_slack_documents_it() -> None:
    row = [text_cell("search"), number_cell(500_000, "500k units"), person_cell("U0ADA"), date_cell(1_800_000_000)]
    block = DataTable(caption="Keys", columns=["Name", "Left", "Owner", "Expires"], rows=[row]).block()
    assert message_problems([block]) == []
    head, first = block["rows"]
    assert {cell["type"] for cell in head} == {"raw_text"}
    assert first[1] == {"type": "raw_number", "value": 500_000, "text": "500k units"}
    assert first[2]["elements"][0]["elements"] == [{"type": "user", "user_id": "U0ADA"}]
    assert first[3]["elements"][0]["elements"][0]["timestamp"] == 1_800_000_000


def test_what_is_too_much_for_slack_is_left_out_at_the_end() -> None:
    row = [text_cell("x" * 500)] * 7
    rows = DataTable(caption="c" * 999, columns=["y"] * 7, rows=[row] * 300).block()["rows"]
    assert 2 < len(rows) <= ROWS + 1
    assert sum(len(cell["text"]) for cells in rows for cell in cells) <= CHARACTERS
    assert text_cell("")["text"] == "\u2013"
    assert len(DataTable(caption="c", columns=["y"], rows=[[text_cell("x")]] * 300).block()["rows"]) == ROWS + 1
