"""Three languages of one row: asked by somebody who reads Arabic, approved by somebody who reads Chinese, in English."""

import re

from bot.languages import languages
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.desk import Desk, text_of, view_text

NOUR, YATING = seed.ARABIC_ENGINEER, seed.CHINESE_MANAGER
ARABIC, CHINESE = re.compile("[\u0620-\u064a]{2}"), re.compile("[\u4e00-\u9fff]{2}")


async def test_a_request_is_read_in_three_languages(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.command(NOUR, seed.KEYS_CHANNEL, "/apikey new")
    form = desk.slack.top_view(NOUR)
    assert ARABIC.search(form.body["title"]["text"])
    assert ARABIC.search(view_text(form))
    await desk.fill(
        NOUR, form, name="مساعد البحث", remain_quota="٥ مليون", expired_time="30d", reason="للتجربة على 500 مستند"
    )
    assert (await desk.slack.submit(NOUR, desk.slack.top_view(NOUR))).ok
    await desk.eventually(lambda: desk.card(1))
    card = text_of(desk.card(1))
    assert "asks for a new key" in card
    assert "5M units ($10.00)" in card
    assert not CHINESE.search(card)
    await desk.slack.click(YATING, desk.card(1), "deny")
    assert CHINESE.search(present(desk.slack.top_view(YATING)).body["title"]["text"])
    await desk.slack.close_view(YATING, desk.slack.top_view(YATING))
    assert (await desk.slack.click(YATING, desk.card(1), "approve")).ok
    await desk.settled(1)
    await desk.eventually(lambda: desk.dm(NOUR))
    told = text_of(desk.dm(NOUR)[-1])
    assert ARABIC.search(told)
    assert "\u2068" in told  # names and numbers keep their own order
    await desk.slack.open_home(YATING)
    await desk.eventually(lambda: CHINESE.search(str(desk.slack.home(YATING))))
    confirmation = await desk.eventually(lambda: desk.said("was created"))
    assert "approved by" in text_of(confirmation[0])


async def test_who_chooses_a_language_is_answered_in_it_at_once(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, "/apikey help")
    assert set(languages()) == {"en", "ar", "zh-Hans", "zh-Hant"}
    await desk.app.languages.choose(seed.ENGINEER, "zh-Hans")
    await desk.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, "/apikey new")
    assert CHINESE.search(view_text(desk.slack.top_view(seed.ENGINEER)))


async def test_a_command_in_ones_own_words_opens_the_same_form(http_desk: Desk) -> None:
    desk = http_desk
    for word in ("新增", "جديد"):
        await desk.slack.command(NOUR, seed.KEYS_CHANNEL, f"/apikey {word}")
        assert desk.slack.top_view(NOUR).body["callback_id"] == "key.create"
        await desk.slack.close_view(NOUR, desk.slack.top_view(NOUR))
