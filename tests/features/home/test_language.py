"""The choice of a language: offered to everybody in its own words, stored, and shown at once."""

from typing import Any

import pytest

from bot.features.home.language import LanguageListener, language_block
from bot.features.home.listeners import HomeListeners
from bot.slack.delivery import Kind
from tests.approvals.kit import ADA
from tests.features.desk import ListenerDesk


def click(value: Any) -> dict[str, Any]:
    return {"actions": [{"selected_option": value}]}


def test_each_language_stands_in_its_own_words_and_the_chosen_one_first() -> None:
    select = language_block("ar")["accessory"]
    assert [one["text"]["text"] for one in select["options"]][1:] == ["English", "العربية", "简体中文", "繁體中文"]
    assert select["initial_option"]["value"] == "ar"
    assert language_block("tlh")["accessory"]["initial_option"]["value"] == "slack"


async def test_a_choice_is_stored_and_the_home_is_drawn_in_it(listener_desk: ListenerDesk) -> None:
    people = listener_desk.languages
    listener = LanguageListener(people, HomeListeners(listener_desk.deps).publish)
    me = ADA.slack_user_id
    for value, stored in (("zh-Hans", "zh-Hans"), ("slack", "")):
        await listener.choose(listener_desk.delivery(me, Kind.ACTION, payload=click({"value": value})))
        assert await people.chosen(me) == stored
        assert "'initial_option': {'text': {'type': 'plain_text', 'text': " in await listener_desk.window()


@pytest.mark.parametrize("value", [None, {}, {"value": "tlh"}, {"value": 3}, "ar"])
async def test_what_the_home_does_not_offer_is_not_stored(listener_desk: ListenerDesk, value: Any) -> None:
    people = listener_desk.languages
    listener = LanguageListener(people, HomeListeners(listener_desk.deps).publish)
    await listener.choose(listener_desk.delivery(ADA.slack_user_id, Kind.ACTION, payload=click(value)))
    assert await people.chosen(ADA.slack_user_id) == ""
