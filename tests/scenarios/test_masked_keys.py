"""Masked, broken and encoded keys, as tools and people show them: the right key, or the honest word that it cannot be told."""

import base64
from collections.abc import Callable

import pytest

from keydesk_sandbox import seed
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.test_alert_corners import shortcut

pytestmark = pytest.mark.thorough

__all__ = ["http_desk"]
MASKS: dict[str, Callable[[str], str]] = {
    "OpenAI's": lambda core: f"sk-...{core[-4:]}",
    "an ellipsis and six": lambda core: f"sk-…{core[-6:]}",
    "stars": lambda core: f"sk-{'*' * 20}{core[-4:]}",
    "three and four": lambda core: f"sk-{core[:3]}...{core[-4:]}",
    "four and three": lambda core: f"sk-{core[:4]}…{core[-3:]}",
    "eight and eight": lambda core: f"sk-{core[:8]}…{core[-8:]}",
    "the first twenty": lambda core: f"sk-{core[:20]}…",
}
PIECES: dict[str, Callable[[str], str]] = {
    "quoted pieces": lambda key: f"const k = '{key[:23]}' + '{key[23:]}'",
    "a quotation": lambda key: f"> {key[:23]}\n> {key[23:]}",
    "a backslash": lambda key: f"export K={key[:23]}\\\n{key[23:]}",
    "quoted-printable": lambda key: f"{key[:23]}=\r\n{key[23:]}",
    "a Kubernetes Secret": lambda key: f"  OPENAI_API_KEY: {base64.b64encode(key.encode()).decode()}",
    "Basic auth": lambda key: f"Authorization: Basic {base64.b64encode(f'user:{key}'.encode()).decode()}",
}


@pytest.mark.parametrize("mask", MASKS)
async def test_a_mask_that_fits_one_key_may_mean_it_and_a_click_disables_it(http_desk: Desk, mask: str) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    core = desk.gateway.key_value(record.id).removeprefix("sk-")
    message = await desk.slack.post_as_app(seed.SECURITY_CHANNEL, f"what is {MASKS[mask](core)}?")
    assert "it may be another key" in await shortcut(desk, SAM, seed.SECURITY_CHANNEL, message.ts)
    assert record.status == 1
    assert (await desk.slack.click(SAM, desk.slack.top_view(SAM), "disable")).ok
    await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)


async def test_a_mask_that_fits_several_keys_lets_choose(http_desk: Desk) -> None:
    desk = http_desk
    first, second = desk.gateway.add_key(name="first"), desk.gateway.add_key(name="second")
    for record in (first, second):
        row = desk.gateway._state.store.row(record.id)
        row.key = row.key[:44] + "wxyz"
    desk.app.alerts.changed()
    await learned(desk)
    await send(desk, "generic", "see sk-...wxyz")
    card = (await desk.eventually(lambda: cards(desk, "fits 2 keys")))[0]
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: "Quota" in view_text(desk.slack.top_view(SAM)))
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "disable")
    assert {desk.gateway.key(first.id).status, desk.gateway.key(second.id).status} == {1}


@pytest.mark.parametrize("text", ["sk-...zzz9", "sk-qqqq…qqqq", "sk-Qq1Qq2Qq3Qq4Qq5Qq6Q…"])
async def test_a_mask_that_fits_none_cannot_be_told(http_desk: Desk, text: str) -> None:
    desk = http_desk
    await learned(desk)
    message = await desk.slack.post_as_app(seed.SECURITY_CHANNEL, f"what is {text}?")
    shown = await shortcut(desk, SAM, seed.SECURITY_CHANNEL, message.ts)
    assert "a masked key that cannot be identified" in shown
    card = (await desk.eventually(lambda: cards(desk, "a masked key that cannot be identified")))[0]
    for said in (shown, text_of(card)):
        assert "another account" not in said
        assert "names no key" not in said
    assert "disable" not in buttons_of(card)


@pytest.mark.parametrize("way", PIECES)
async def test_a_key_in_pieces_or_encoded_is_that_key_and_nothing_else(http_desk: Desk, way: str) -> None:
    desk = http_desk
    await learned(desk)
    key = f"sk-{desk.gateway.key_value(desk.key('production').id).removeprefix('sk-')}"
    await send(desk, "generic", PIECES[way](key))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.eventually(lambda: "Leaked key" in text_of(cards(desk)[0]))
    assert "another account" not in text_of(card)
    assert "Unknown here" not in text_of(card)
