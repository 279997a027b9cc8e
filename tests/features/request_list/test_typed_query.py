"""What people type after `/apikey requests`, and that a button's text is read as what it stands for."""

import random

import pytest

from bot.approvals.models import Status
from bot.features.lists.typed_words import LONGEST_TEXT
from bot.features.request_list.typed_query import STATUSES, RequestQuery, parse, typed
from bot.slack.blocks import OPTION_VALUE_LIMIT

ME = "U0ADA"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("  ", None),
        ("all", RequestQuery()),
        ("2", RequestQuery(page=2)),
        ("waiting", RequestQuery(words=frozenset({"waiting"}))),
        ("Denied FAILED 3", RequestQuery(words=frozenset({"denied", "failed"}), page=3)),
        ("mine", RequestQuery(requester=ME)),
        ("<@U0BEN|ben> done", RequestQuery(words=frozenset({"done"}), requester="U0BEN")),
        ("#12", RequestQuery(number=12)),
        ("load test", RequestQuery(text="load test")),
        ('"waiting" 2', RequestQuery(text="waiting", page=2)),
        ("\u62d2\u7d55", RequestQuery(words=frozenset({"denied"}))),
        ("x" * 500, RequestQuery(text="x" * LONGEST_TEXT)),
        ("0", RequestQuery(text="0")),
    ],
)
def test_every_text_is_something_to_look_for(text: str, meant: RequestQuery | None) -> None:
    assert parse(text, me=ME) == meant


def test_the_text_of_a_button_is_read_as_what_it_stands_for() -> None:
    of = random.Random(3)
    for _ in range(300):
        query = RequestQuery(
            words=frozenset(word for word in STATUSES if of.random() < 0.2),
            requester=of.choice([None, "U0BEN"]),
            number=of.choice([None, 7]),
            text=of.choice(["", "bot", "waiting", "7", "two words", "#7", "a 'b' c"]),
            page=of.randrange(1, 999),
        )
        assert parse(typed(query, page=query.page), me="U0SOMEBODY") == query
    longest = RequestQuery(words=frozenset({"withdrawn"}), requester="W" + "0" * 20, text="x" * LONGEST_TEXT)
    assert len(typed(longest)) < OPTION_VALUE_LIMIT


def test_the_words_cover_every_status() -> None:
    assert {status for statuses in STATUSES.values() for status in statuses} == set(Status)
    assert RequestQuery(words=frozenset({"failed"})).statuses == {Status.FAILED, Status.UNKNOWN}
