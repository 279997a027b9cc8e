"""The list of requests: titled groups, or pages of what was looked for."""

from typing import Any

from bot.features.request_list.typed_query import RequestQuery
from bot.features.request_list.views import NARROW, NEXT, PAGE, PREVIOUS, ROWS, RequestGroup, request_list, request_page
from bot.slack.blocks import Block, Message, section
from keydesk_sandbox.fake_slack.blocks.surfaces import message_problems


def elements(message: Message) -> dict[str, Any]:
    return {
        one["action_id"]: one for block in message.blocks for one in block.get("elements", []) if "action_id" in one
    }


def rows(number: int) -> list[Block]:
    return [section(str(one)) for one in range(number)]


def test_no_requests_say_how_to_ask() -> None:
    assert "/apikey new" in request_list([RequestGroup("Yours", [])]).text


def test_groups_have_titles_and_long_ones_say_how_many_more() -> None:
    message = request_list(
        [RequestGroup("To decide", rows(ROWS + 3)), RequestGroup("Empty", []), RequestGroup("Yours", rows(1))]
    )
    assert message.text == f"To decide: {ROWS + 3} · Yours: 1"
    kinds = [block["type"] for block in message.blocks]
    assert kinds == ["section"] * (ROWS + 1) + ["context", "divider", "section", "section", "actions"]
    assert "3 more." in str(message.blocks)
    assert "Empty" not in str(message.blocks)
    every = request_list([RequestGroup("Yours", rows(ROWS + 3), RequestQuery(requester="U0BEN"))])
    assert every.blocks[ROWS + 1]["accessory"]["value"] == "all <@U0BEN> 1"
    assert message_problems(every.to_slack()["blocks"]) == []
    assert message_problems(message.to_slack()["blocks"]) == []


def test_a_page_leads_to_the_ones_beside_it_and_keeps_what_was_looked_for() -> None:
    query = RequestQuery(words=frozenset({"waiting"}), requester="U0BEN", text="bot")
    first = request_page(rows(PAGE), query, total=2 * PAGE + 5, number=1)
    assert PREVIOUS not in elements(first)
    assert elements(first)[NEXT]["value"] == "waiting <@U0BEN> \u201cbot\u201d 2"
    assert elements(first)[NARROW]["initial_option"]["text"]["text"] == "Waiting"
    assert [one["text"] for one in first.blocks[-1]["elements"]] == [
        "Waiting, of <@U0BEN>, \u201cbot\u201d in the name",
        "1 to 20 of 45",
    ]
    last = request_page(rows(5), query, total=2 * PAGE + 5, number=3)
    assert elements(last)[PREVIOUS]["value"].endswith(" 2")
    assert NEXT not in elements(last)
    assert message_problems(first.to_slack()["blocks"]) == []
    assert "to 2 of" not in str(request_page(rows(2), RequestQuery(), total=2, number=1).blocks)


def test_where_nothing_is_found_everything_is_a_click_away() -> None:
    nothing = request_page([], RequestQuery(number=7), total=0, number=1)
    assert nothing.text == "No request is like that: request #7."
    assert elements(nothing)[NARROW]["value"] == "all 1"
    assert request_page([], RequestQuery(), total=0, number=1).text == "There are no requests."
