"""What people type after `/apikey list`, and that a button's text is read as what it stands for."""

import random

import pytest

from bot.features.key_list.typed_query import ListRequest, parse, typed
from bot.features.lists.typed_words import LONGEST_TEXT
from bot.keys.key_query import KeyFilter, KeyOrder, KeyQuery
from bot.slack.blocks import OPTION_VALUE_LIMIT

ME = "U0ADA"


def asked(
    *filters: KeyFilter, owner: str | None = None, text: str = "", order: str = "newest", page: int = 1
) -> object:
    query = KeyQuery(filters=frozenset(filters), owner=owner, text=text, order=KeyOrder(order))
    return ListRequest(query, page)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", asked()),
        ("2", asked(page=2)),
        ("\uff12", asked(page=2)),
        ("\u0662", asked(page=2)),
        ("unlimited", asked(KeyFilter.UNLIMITED)),
        ("Unlimited EXPIRING 3", asked(KeyFilter.UNLIMITED, KeyFilter.EXPIRING, page=3)),
        ("\u4e0d\u9650\u91cf", asked(KeyFilter.UNLIMITED)),
        ("mine", asked(owner=ME)),
        ("<@U0BEN|ben> idle", asked(KeyFilter.IDLE, owner="U0BEN")),
        ("by name", asked(order="name")),
        ("locked by-used staging 2", asked(KeyFilter.LOCKED, text="staging", order="used", page=2)),
        ("load test", asked(text="load test")),
        ('"unlimited"', asked(text="unlimited")),
        ("\u201c2\u201d", asked(text="2")),
        ("2 staging", asked(text="2 staging")),
        ("0", asked(text="0")),
        ("-1", asked(text="-1")),
        ("1234567", asked(text="1234567")),
        ("by", asked(text="by")),
        ("by colour", asked(text="by colour")),
        ('"x by name y"', asked(text="x by name y")),
        ("By Name", asked(order="name")),
        ("x" * 500, asked(text="x" * LONGEST_TEXT)),
        ("<@U0BEN> <@U0ADA>", asked(owner="U0ADA")),
        ("<!channel>", asked(text="<!channel>")),
    ],
)
def test_every_text_is_something_to_look_for(text: str, meant: object) -> None:
    assert parse(text, me=ME) == meant


def test_the_text_of_a_button_is_read_as_what_it_stands_for() -> None:
    of = random.Random(3)
    for _ in range(500):
        query = KeyQuery(
            filters=frozenset(one for one in KeyFilter if of.random() < 0.2),
            owner=of.choice([None, "U0BEN"]),
            text=of.choice(
                ["", "bot", "by name", "unlimited", "7", "two words", "\u6e2c\u8a66", "a 'b' c", "<@U0ADA>"]
            ),
            order=of.choice(list(KeyOrder)),
        )
        page = of.randrange(1, 999)
        assert parse(typed(query, page=page), me="U0SOMEBODY") == ListRequest(query, page)


def test_the_longest_query_of_one_filter_fits_into_an_option() -> None:
    for one in KeyFilter:
        query = KeyQuery(filters=frozenset({one}), owner="W" + "0" * 20, text="x" * LONGEST_TEXT, order=KeyOrder.EXPIRY)
        assert len(typed(query)) < OPTION_VALUE_LIMIT
