"""Words of other languages: read like ours, for commands that exist."""

import pytest

from bot.features import OPERATIONS
from bot.slack.command_words import english_words, other_words
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router
from tests.narrow import expect
from tests.slack.kit import make_delivery


async def _said(delivery: Delivery) -> Ack:
    return Ephemeral(f"did it with {delivery.text}")


def router(**others: tuple[str, ...]) -> Router:
    made = Router(other_words=others)
    for word in ("new", "disable", "end"):
        made.command(word, _said)
    return made


@pytest.mark.parametrize("typed", ["新增 prod", "  新增   prod", "new prod"])
async def test_a_word_of_another_language_is_its_command(typed: str) -> None:
    ack = (await router(新增=("new",)).dispatch(make_delivery(text=typed))).ack
    assert expect(Ephemeral, ack).text == "did it with prod"


async def test_a_word_that_means_two_commands_is_asked_about_and_nothing_is_done() -> None:
    ack = (await router(إيقاف=("disable", "end", "delete")).dispatch(make_delivery(text="إيقاف 12"))).ack
    assert expect(Ephemeral, ack).text == "`إيقاف` may mean `/apikey disable` or `/apikey end`. Which one?"


async def test_our_own_words_are_never_taken_for_others() -> None:
    ack = (await router(new=("disable",)).dispatch(make_delivery(text="new prod"))).ack
    assert expect(Ephemeral, ack).text == "did it with prod"


def test_every_command_can_have_words_in_other_languages() -> None:
    assert {one.command for one in OPERATIONS.descriptions.values() if one.command} <= set(english_words())


def test_words_in_the_catalogues_stand_for_commands() -> None:
    for alias, words in other_words().items():
        assert len(alias.split()) == 1
        assert set(words) <= set(english_words())
