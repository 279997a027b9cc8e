"""The live line of a form: what would be decided now, drawn while people type, without taking away what they typed."""

import asyncio
import functools
from typing import Any

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.views import View
from tests.scenarios.desk import Desk, text_of, view_text

pytestmark = pytest.mark.thorough

ADA, MIRA = seed.ENGINEER, seed.MANAGER
FREE, ASKS = "Granted at once", "Needs approval"


def line(view: View) -> str:
    """The text of the block `decision`."""
    return next(str(b["elements"][0]["text"]) for b in view.body["blocks"] if b["block_id"] == "decision")


async def opened(desk: Desk, **fields: Any) -> None:
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
    await desk.fill(ADA, desk.slack.top_view(ADA), **fields)


async def shows(desk: Desk, *words: str) -> None:
    await desk.eventually(lambda: all(word in line(desk.slack.top_view(ADA)) for word in words))


async def test_the_line_follows_what_is_typed_and_keeps_it(desk: Desk) -> None:
    await opened(desk, name="kept", reason="kept too", allow_ips="192.0.2.1", remain_quota="100k")
    await shows(desk, FREE)
    await desk.fill(ADA, desk.slack.top_view(ADA), remain_quota="2M")
    await shows(desk, ASKS, "*manager*", "within 3 days")
    await desk.fill(ADA, desk.slack.top_view(ADA), remain_quota="1e5")
    await shows(desk, "“1e5” is not an amount")
    await desk.fill(ADA, desk.slack.top_view(ADA), remain_quota="$1", expired_time="365d")
    await shows(desk, ASKS)
    await desk.fill(ADA, desk.slack.top_view(ADA), unlimited_quota=["on"], expired_time="never")
    await shows(desk, "Not allowed", "Unlimited keys must expire within a year.")
    values = desk.slack.top_view(ADA).values
    assert values["name"]["value"]["value"] == "kept"
    assert values["reason"]["value"]["value"] == "kept too"
    assert values["allow_ips"]["value"]["value"] == "192.0.2.1"
    assert values["remain_quota"]["value"]["value"] == "$1"


async def test_a_list_that_lets_everybody_in_is_said_in_the_form_on_the_card_and_in_the_window(http_desk: Desk) -> None:
    desk = http_desk
    await opened(desk, name="open", reason="x", allow_ips="0.0.0.0/1 128.0.0.0/1", remain_quota="2M")
    await shows(desk, ASKS, "this list lets everybody in")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    card = await desk.eventually(desk.card)
    assert "this list lets everybody in" in text_of(card)
    open_key = desk.gateway.add_key(name="made elsewhere", allow_ips="203.0.113.7\n::/0")
    await desk.slack.command(MIRA, seed.KEYS_CHANNEL, f"/apikey show {open_key.id}")
    await desk.eventually(lambda: "this list lets everybody in" in view_text(desk.slack.top_view(MIRA)))


async def test_what_the_line_says_is_what_happens(http_desk: Desk) -> None:
    await opened(http_desk, name="kept", remain_quota="2M")
    await shows(http_desk, ASKS)
    await http_desk.slack.submit(ADA, http_desk.slack.top_view(ADA))
    assert (await http_desk.request()).judgement.decision.outcome == "needs_approval"


async def test_the_picker_is_there_while_custom_is_chosen(http_desk: Desk) -> None:
    desk = http_desk
    await opened(desk, name="kept", remain_quota="1k", expired_time="custom")
    await desk.eventually(lambda: desk.slack.top_view(ADA).block("expired_time_at"))
    assert desk.slack.top_view(ADA).values["name"]["value"]["value"] == "kept"
    await desk.fill(ADA, desk.slack.top_view(ADA), expired_time="7d")
    await desk.eventually(lambda: desk.slack.top_view(ADA).block("expired_time_at") is None)
    await shows(desk, FREE)


async def test_custom_without_a_moment_is_told_and_nothing_is_lost(http_desk: Desk) -> None:
    desk = http_desk
    await opened(desk, name="kept", remain_quota="1k", expired_time="custom")
    await desk.eventually(lambda: desk.slack.top_view(ADA).block("expired_time_at"))
    answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert list(answer.body["errors"]) == ["expired_time_at"]


async def test_an_edit_shows_its_line_too(http_desk: Desk) -> None:
    desk = http_desk
    record = await desk.own(ADA, desk.gateway.add_key(name="shared", remain_quota=5))
    await desk.open_edit(ADA, record.id)
    assert "Fill in the form" in line(desk.slack.top_view(ADA))
    await desk.fill(ADA, desk.slack.top_view(ADA), name="better", expired_time="90d")
    await shows(desk, ASKS)
    await desk.fill(ADA, desk.slack.top_view(ADA), expired_time="custom")
    await desk.eventually(lambda: desk.slack.top_view(ADA).block("expired_time_at"))
    assert desk.slack.top_view(ADA).values["name"]["value"]["value"] == "better"


@pytest.mark.parametrize("closing", ["close", "submit"])
async def test_a_form_that_is_gone_before_the_line_is_drawn_is_no_error(
    http_desk: Desk, closing: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = http_desk
    await opened(desk, name="gone", remain_quota="1k")
    view = desk.slack.top_view(ADA)
    await (desk.slack.close_view(ADA, view) if closing == "close" else desk.slack.submit(ADA, view))
    await desk.eventually(lambda: desk.app.responder.busy == 0)
    assert not [r for r in caplog.records if r.name.startswith("bot.slack") and r.levelname in {"WARNING", "ERROR"}]


async def test_a_line_that_comes_late_does_not_lie_over_the_receipt(http_desk: Desk) -> None:
    desk = http_desk
    await opened(desk, name="quick", remain_quota="2M")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    await desk.eventually(lambda: desk.app.responder.busy == 0)
    assert "Request #1" in view_text(desk.slack.top_view(ADA))


async def test_a_line_that_comes_late_does_not_wipe_out_the_errors(http_desk: Desk) -> None:
    desk = http_desk
    await opened(desk, name="quick", remain_quota="lots")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    await desk.eventually(lambda: desk.app.responder.busy == 0)
    assert list(desk.slack.top_view(ADA).errors) == ["remain_quota"]
    await desk.fill(ADA, desk.slack.top_view(ADA), remain_quota="1k")
    await shows(desk, FREE)


async def test_every_change_of_a_burst_counts_in_the_end(http_desk: Desk) -> None:
    desk = http_desk
    await opened(desk, name="quick", remain_quota="1k")
    for amount in ("2M", "1k", "3M", "5k", "4M", "1k"):
        await desk.fill(ADA, desk.slack.top_view(ADA), remain_quota=amount)
        await asyncio.sleep(0.15)
    await shows(desk, FREE)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": None}, "name"),
    ({"name": "n" * 51}, "name"),
    ({"name": "é" * 51}, "name"),
    ({"remain_quota": "1e5"}, "remain_quota"),
    ({"remain_quota": "-1"}, "remain_quota"),
    ({"remain_quota": None}, "remain_quota"),
    ({"allow_ips": "10.0.0.0/33"}, "allow_ips"),
    ({"allow_ips": "fe80::1%eth0"}, "allow_ips"),
    ({"allow_ips": "\n".join(f"10.0.{n // 256}.{n % 256}" for n in range(500))}, "allow_ips"),
]


async def test_bad_input_over_the_wire_stays_in_the_form_with_its_error(http_desk: Desk) -> None:
    desk = http_desk
    good = {"name": "fine", "remain_quota": "2M", "allow_ips": "192.0.2.1, 192.0.2.2"}
    await opened(desk, **good)
    for fields, block in BAD:
        await desk.fill(ADA, desk.slack.top_view(ADA), **fields)
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        found = answer.complaints or answer.body["errors"]
        assert list(found) == [block], (fields, found)
        view = desk.slack.top_view(ADA)
        assert view.body["callback_id"] == "key.create"
        assert view.errors.keys() == {block}
        await desk.fill(ADA, view, **{block: good[block]})
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    assert len(await desk.audit("asked")) == 1


HOSTILE = ["<!channel> `x` *b* <@U0MIRA> @here _x_", "@channel &lt;!here&gt; <https://evil|x> מפ"]


PINGS = ("<!channel", "<!here", "<!everyone", "<!subteam", "@channel", "@here", "<https://evil", "<@U0MIRA> `")


async def test_hostile_names_and_reasons_never_ping_and_never_break_a_card(http_desk: Desk) -> None:
    desk = http_desk
    for number, name in enumerate(HOSTILE, start=1):
        await desk.ask(ADA, name=name, remain_quota="2M", reason=f"{name}\n<!everyone> <!subteam^S0MANAGERS>")
        await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
        card = await desk.eventually(functools.partial(desk.card, number))
        if number % 2:
            await desk.slack.click(MIRA, card, "approve")
            await desk.settled(number)
            await desk.eventually(lambda: desk.dm(ADA, "is ready"))
        else:
            await desk.slack.click(MIRA, card, "deny")
            await desk.fill(MIRA, desk.slack.top_view(MIRA), reason=name)
            await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
            await desk.settled(number)
            await desk.eventually(lambda: desk.dm(ADA, "denied"))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
    await desk.slack.command(MIRA, seed.KEYS_CHANNEL, "/apikey requests")
    await desk.slack.open_home(ADA)
    await desk.eventually(lambda: desk.app.responder.busy == 0)
    said = [text for call in desk.slack.calls for text in _mrkdwn(dict(call.arguments))]
    said += [text for sent in desk.slack.sent if sent.answer for text in _mrkdwn(sent.answer.body)]
    assert len(said) > 50
    assert [text for text in said if "&lt;!channel&gt;" in text]
    # Whom we call ourselves stands alone, in a text of its own.
    said = [text for text in said if text != "Called: <!subteam^S0MANAGERS>"]
    for ping in PINGS:
        assert [text for text in said if ping in text] == []


def _mrkdwn(item: Any) -> list[str]:
    """Every text that Slack would parse: mrkdwn objects, and the plain `text` of a message."""
    if isinstance(item, dict):
        if item.get("type") == "plain_text":
            return []
        own = [item["text"]] if isinstance(item.get("text"), str) else []
        return own + [text for value in item.values() for text in _mrkdwn(value)]
    return [text for one in item for text in _mrkdwn(one)] if isinstance(item, list) else []
