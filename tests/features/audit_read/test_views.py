"""Lines of the record in Slack: newest first, one line each, no more than a page."""

from typing import Any

from bot.approvals.models import Status
from bot.features import OPERATIONS
from bot.features.audit_read.views import NEWEST, OLDER, ROWS, audit_page
from bot.gateway.dollars import Dollars
from keydesk_sandbox.fake_slack.blocks.surfaces import message_problems
from tests.approvals.kit import row


def line(seq: int, **changes: Any) -> dict[str, Any]:
    values = {"seq": seq, "at": 1_790_000_000.0, "fact": "started", "actor": None, "request_id": None, "key_id": None}
    return {**values, "details": {"version": "1"}, **changes}


def page(*lines: dict[str, Any]) -> str:
    found = audit_page(lines, about="key 7", requests={}, dollars=Dollars(usual=1), operations=OPERATIONS)
    return f"{found.text}\n{found.blocks}"


def test_nothing_is_said_too() -> None:
    assert "holds nothing about key 7 yet" in page()


def test_each_line_names_its_things_and_only_a_page_is_shown() -> None:
    shown = page(line(1, request_id=3, key_id=7), *(line(number) for number in range(2, ROWS + 5)))
    assert "request #3 · key 7 · " in shown
    assert f"line {ROWS}" in shown
    assert f"line {ROWS + 1}" not in shown


def test_each_line_of_a_request_says_which_key_it_is_about_once() -> None:
    request = row(Status.DENIED, key_name="crawler")
    denied = line(1, fact="denied", actor="U0MO", request_id=3, details={"operation": "key.create", "reason": "no"})
    asked = line(2, fact="approved", actor="U0MO", request_id=3, details={"operation": "key.create"})
    for one in (denied, asked):
        found = audit_page([one], about="", requests={3: request}, dollars=Dollars(usual=1), operations=OPERATIONS)
        assert str(found.blocks[1]).count("crawler") == 1


def test_older_and_newest_lines_are_a_click_away() -> None:
    def buttons(number: int, **more: Any) -> dict[str, str]:
        lines = [line(seq) for seq in range(500, 500 - number, -1)]
        found = audit_page(lines, about="", requests={}, dollars=Dollars(usual=1), operations=OPERATIONS, **more)
        assert message_problems(found.to_slack()["blocks"]) == []
        shown = [one for block in found.blocks if block["type"] == "actions" for one in block["elements"]]
        return {one["action_id"]: one.get("value", "") for one in shown}

    assert buttons(ROWS) == {}
    assert buttons(ROWS + 1) == {OLDER: f"before:{501 - ROWS}"}
    assert buttons(ROWS + 1, text="7", later=True) == {NEWEST: "7", OLDER: f"7 before:{501 - ROWS}"}
    assert buttons(3, text="<@U0ADA>", later=True) == {NEWEST: "<@U0ADA>"}
    assert buttons(0, later=True) == {NEWEST: ""}


def test_a_time_of_an_export_is_read_too() -> None:
    assert "<!date^1790000000" in page(line(1, at="2026-09-21T14:13:20+00:00")).replace("\u003c", "<")
