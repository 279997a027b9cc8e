"""What a review shows, drawn from its rows."""

from typing import Any

from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.review import store
from bot.review.cards import CARD, ON_PAGE, OWNER, REMINDER, counts_text, drawers, load_page, window
from bot.review.models import ReviewCounts, Verdict
from bot.slack.blocks import Message
from tests.languages.pseudo import english_in, pseudo
from tests.review.kit import ADA, DAY, DOLLAR, MIRA, NOON, Desk, key
from tests.scenarios.desk import text_of
from tests.slack.outboxes import post_row


async def opened(database: Database, number: int, **changes: Any) -> Desk:
    desk = Desk(database)
    desk.put(*(key(n, **changes) for n in range(1, number + 1)))
    desk.ask()
    await desk.round()
    return desk


def drawn(desk: Desk, kind: str, subject: str, **body: Any) -> Message | None:
    row = post_row(kind, subject, body=body)
    draw = drawers(dollars=Dollars(usual=DOLLAR), policy=lambda: desk.policy, on_call=frozenset, clock=desk.clock)[kind]
    found: Message | None = desk.read(draw, row)
    return found


def text(desk: Desk, kind: str, subject: str, **body: Any) -> str:
    message = drawn(desk, kind, subject, **body)
    assert message is not None
    message.to_slack()
    return text_of(message)


async def test_a_card_of_a_few_keys_holds_them_and_of_many_a_button(database: Database) -> None:
    few = await opened(database, 4)
    shown = text(few, CARD, "1")
    assert "4 keys should be looked at" in shown
    assert "<!subteam^S0MANAGERS>" in shown
    assert shown.count("Shrink to") >= 4
    for row in few.rows().values():
        database.run_here(store.change_key, row, verdict="keep", decided_by=MIRA, settled_at=NOON)
    shown = text(few, CARD, "1")
    assert "all 4 keys here are decided" in shown
    assert "<!subteam" not in shown


async def test_many_keys_are_shown_a_page_at_a_time_within_slacks_limits(sqlite_database: Database) -> None:
    desk = await opened(sqlite_database, 25, name="a name of a key that is as long as names are: " + "x" * 3)
    shown = text(desk, CARD, "1")
    assert "Review keys" in shown
    assert "Shrink" not in shown
    for number, there in ((0, ON_PAGE), (2, 5), (99, 5), (-3, ON_PAGE)):
        page = desk.read(load_page, 1, number, viewer=MIRA)
        view = window(page, now=NOON, dollars=Dollars(usual=DOLLAR))
        assert len(page.rows) == there
        assert len(view["blocks"]) <= 100
    for row in list(desk.rows().values())[:12]:
        sqlite_database.run_here(store.change_key, row, verdict="keep")
    assert desk.read(load_page, 1, None, viewer=MIRA).number == 1
    assert desk.read(load_page, 99, 0, viewer=MIRA) is None


async def test_reminders_say_how_many_wait_and_the_last_that_it_is_the_last(sqlite_database: Database) -> None:
    desk = await opened(sqlite_database, 2)
    assert "2 keys wait for your decision until" in text(desk, REMINDER, "1", number=1)
    assert "Last reminder" in text(desk, REMINDER, "1", number=3)
    nobody = text(desk, REMINDER, "1", number=2, security=True)
    assert "<!subteam^S0SECURITY>" in nobody
    assert "not in this workspace any more" in nobody
    assert drawn(desk, REMINDER, "9", number=1) is drawn(desk, CARD, "9") is None


async def test_an_owner_is_told_what_was_done_and_whom_to_ask(sqlite_database: Database) -> None:
    desk = await opened(sqlite_database, 30)
    warning = text(desk, OWNER, f"1:{ADA}", what="warning")
    assert "30 keys of yours will be disabled on" in warning
    assert "and 10 more" in warning
    assert "Tell <!subteam^S0MANAGERS>" in warning
    assert drawn(desk, OWNER, f"1:{ADA}", what="decided") is None
    assert drawn(desk, OWNER, f"9:{ADA}", what="decided") is None
    rows = list(desk.rows().values())
    sqlite_database.run_here(store.change_key, rows[0], verdict="shrink", decided_by=MIRA, settled_at=NOON)
    decided = text(desk, OWNER, f"1:{ADA}", what="decided")
    assert "1 key of yours was changed" in decided
    assert "/apikey quota" in decided
    sqlite_database.run_here(store.change_key, rows[1], verdict="silence", settled_at=NOON)
    silence = text(desk, OWNER, f"1:{ADA}", what="silence")
    assert "nobody decided about it" in silence
    assert "can undo this until" in silence


async def test_security_is_called_for_its_own_cards(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database)
    desk.put(key(1), owner=None)
    desk.ask()
    await desk.round()
    assert "<!subteam^S0SECURITY>" in text(desk, CARD, "1")


def test_the_counts_are_a_line_of_what_there_is() -> None:
    counts = ReviewCounts(by_verdict=dict.fromkeys(Verdict, 1) | {Verdict.OPEN: 2})
    line = "2 left to decide · 1 kept · 1 shrunk · 1 disabled · 1 disabled without a decision · 1 left the list"
    assert counts_text(counts) == line
    assert counts_text(ReviewCounts(by_verdict={Verdict.KEEP: 3})) == "3 kept"


async def test_nothing_that_people_read_is_left_in_english(sqlite_database: Database) -> None:
    desk = await opened(sqlite_database, 3, name="KEY", expired_time=-1)
    desk.now += DAY
    sqlite_database.run_here(store.change_key, desk.rows()[1], verdict="shrink", decided_by=MIRA, settled_at=NOON)
    sqlite_database.run_here(store.change_key, desk.rows()[2], verdict="silence", settled_at=NOON)
    kinds: list[tuple[str, str, dict[str, Any]]] = [
        (CARD, "1", {}),
        (REMINDER, "1", {"number": 1}),
        (REMINDER, "1", {"number": 3, "security": True}),
        *((OWNER, f"1:{ADA}", {"what": what}) for what in ("warning", "decided", "silence")),
    ]
    with pseudo():
        for kind, subject, body in kinds:
            message = drawn(desk, kind, subject, **body)
            assert message is not None
            content = message.to_slack()
            assert english_in([content["text"], content["blocks"]]) == []
        page = desk.read(load_page, 1, 0, viewer=ADA)
        assert english_in(window(page, now=NOON, dollars=Dollars(usual=DOLLAR))) == []
