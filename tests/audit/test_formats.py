import csv
import io
import json

import pytest

from bot.audit.formats import COLUMNS, as_csv, as_ocsf
from bot.gateway.numbers import BLOCK, know_names
from tests.audit.test_chain import make


def test_csv_has_a_row_a_line_and_the_head_last() -> None:
    rows = list(csv.DictReader(io.StringIO("\n".join(as_csv(make(3))))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["seq"] for row in rows] == ["1", "2", "3", ""]
    assert json.loads(rows[0]["details"]) == {"operation": "key.create", "reason": "für Anna & <Bob>"}
    assert rows[-1]["fact"] == "head"
    assert json.loads(rows[-1]["details"])["count"] == 3
    assert rows[-1]["hash"] == rows[-2]["hash"]


@pytest.mark.parametrize("actor", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(actor: str) -> None:
    line = json.loads(make(1)[0]) | {"actor": actor}
    row = next(csv.DictReader(io.StringIO("\n".join(as_csv([json.dumps(line)])))))
    assert row["actor"] == f"'{actor}"


def test_ocsf_events_hold_the_whole_line() -> None:
    export = make(2)
    events = [json.loads(line) for line in as_ocsf(export)]
    assert [event["unmapped"] for event in events] == [json.loads(line) for line in export]
    first = events[0]
    assert (first["class_uid"], first["category_uid"], first["type_uid"]) == (6003, 6, 600399)
    assert (first["activity_name"], first["api"]["operation"], first["actor"]["user"]["uid"]) == (
        "asked",
        "key.create",
        "U1",
    )
    assert (first["time"], first["metadata"]["uid"]) == (1_900_000_000_250, "1")
    assert events[-1]["activity_name"] == "head"


def test_a_line_whose_time_was_changed_by_hand_is_exported_all_the_same() -> None:
    line = json.loads(make(1)[0]) | {"at": "yesterday", "details": "nonsense"}
    (event,) = (json.loads(text) for text in as_ocsf([json.dumps(line)]))
    assert (event["raw_data"], "time" in event) == ("yesterday", False)


def test_no_form_moves_a_terminals_cursor_or_turns_a_line() -> None:
    hostile = "a\x1b[2J\x9b\u202eb\u2066\x7f"
    line = json.loads(make(1)[0]) | {"actor": hostile, "details": {hostile: [hostile]}}
    for form in (as_csv, as_ocsf):
        text = "\n".join(form([json.dumps(line)]))
        assert not set("\x1b\x9b\u202e\u2066\x7f") & set(text)
        assert "\\u001b[2J" in text


def test_a_key_has_the_number_that_people_know() -> None:
    know_names({0: "default", 1: "prod"})
    line = json.dumps(json.loads(make(1)[0]) | {"key_id": BLOCK + 12})
    row = next(csv.DictReader(io.StringIO("\n".join(as_csv([line])))))
    assert (row["key_id"], row["key"]) == (str(BLOCK + 12), "prod/12")
    (event,) = (json.loads(text) for text in as_ocsf([line]))
    assert event["resources"] == [{"type": "API key", "uid": "prod/12"}]
