import asyncio
import threading

import pytest

from bot.languages import (
    ENGLISH,
    Language,
    carried,
    channel_languages,
    current,
    find,
    languages,
    of_slack_locale,
    speaking,
)


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-CN", "zh-Hans"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("ar", "ar"),
        ("ar-EG", "ar"),
        ("en-GB", "en"),
        ("de-DE", "en"),
        ("", "en"),
        ("xx_Qaaa", "en"),
        ("-", "en"),
    ],
)
def test_slacks_locale_names_a_language(locale: str, tag: str) -> None:
    assert of_slack_locale(locale).tag == tag


def test_languages_are_found_however_they_are_written() -> None:
    assert find("ZH_hant") is languages()["zh-Hant"]
    assert find("en") is ENGLISH
    assert find("tlh") is None


def test_channels_have_one_language_and_some_their_own() -> None:
    common, own = channel_languages("zh-Hant, C0TEAM=ar,C0ALL = en")
    assert common.tag == "zh-Hant"
    assert {channel: one.tag for channel, one in own.items()} == {"C0TEAM": "ar", "C0ALL": "en"}
    assert channel_languages("") == (ENGLISH, {})


@pytest.mark.parametrize("text", ["tlh", "en,C0TEAM=", "C0TEAM=elvish", "en;ar"])
def test_a_language_that_nobody_translated_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no language of Keydesk; choose among en, ar, zh-Hans, zh-Hant"):
        channel_languages(text)


def test_each_language_says_its_name_and_its_direction() -> None:
    assert {tag: (one.name, one.right_to_left, one.locale) for tag, one in languages().items()} == {
        "en": ("English", False, "en"),
        "zh-Hant": ("繁體中文", False, "zh_Hant"),
        "zh-Hans": ("简体中文", False, "zh_Hans"),
        "ar": ("العربية", True, "ar"),
    }


async def test_a_task_inherits_the_language_and_a_thread_gets_it_carried() -> None:
    other = Language("xx")

    async def inside() -> Language:
        return current()

    heard: list[Language] = []
    with speaking(other):
        assert await asyncio.create_task(inside()) is other
        work = carried(lambda: heard.append(current()))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [other]
    assert current() is ENGLISH
