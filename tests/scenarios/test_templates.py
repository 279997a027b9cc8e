"""Usual wishes: a template and a name, a command that fills the form, and an old request asked again."""

from typing import Any

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.state_values import plain_value
from keydesk_sandbox.fake_slack.views import View
from tests.scenarios.conftest import EACH_TRANSPORT, OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

ADA, BEN, MIRA = seed.ENGINEER, seed.SECOND_ENGINEER, seed.MANAGER


def filled(view: View) -> dict[str, Any]:
    """What stands in the form, field by field, empty ones left out."""
    values = {block: plain_value(item["value"]) for block, item in view.values.items() if "value" in item}
    # A select always has a choice.
    return {block: value for block, value in values.items() if value not in (None, "", []) and block != "refill"}


async def form(desk: Desk, user: str, *words: str) -> View:
    """The window on top, once it is the form for a new key and says all of that."""
    await desk.eventually(
        lambda: (
            desk.slack.top_view(user).body["callback_id"] == "key.create"
            and all(word in view_text(desk.slack.top_view(user)) for word in words)
        )
    )
    return desk.slack.top_view(user)


@EACH_TRANSPORT
async def test_one_click_and_a_name_make_the_usual_key(desk: Desk) -> None:
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new pr-checks")
    await desk.slack.click(ADA, desk.slack.top_view(ADA), "template_0", value="ci")
    view = await form(desk, ADA, "Filled in by", "Granted at once")
    assert filled(view) == {
        "name": "pr-checks",
        "remain_quota": "$1",
        "expired_time": "7d",
        "model_limits": ["gpt-4o-mini"],
    }
    await desk.slack.submit(ADA, view)
    assert (await desk.settled()).status is Status.SUCCEEDED
    record = desk.key("pr-checks")
    assert (record.remain_quota, record.model_limits) == (500_000, "gpt-4o-mini")


async def test_a_template_keeps_what_it_does_not_speak_of_and_another_may_follow(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
    await desk.fill(ADA, desk.slack.top_view(ADA), name="mine", allow_ips="192.0.2.1", remain_quota="7")
    await desk.slack.click(ADA, desk.slack.top_view(ADA), "template_0", value="ci")
    await form(desk, ADA, "Filled in by", "CI for a week")
    await desk.slack.click(ADA, desk.slack.top_view(ADA), "template_1", value="load test")
    view = await form(desk, ADA, "Filled in by", "*Load test*", "Needs approval")
    assert filled(view) == {
        "name": "mine",
        "remain_quota": "$20",
        "expired_time": "30d",
        "model_limits": ["gpt-4o-mini"],
        "allow_ips": "192.0.2.1",
        "reason": "Load test",
    }
    await desk.fill(ADA, view, remain_quota="$1")
    await form(desk, ADA, "Filled in by", "*Load test*", "Granted at once")


async def test_a_template_with_what_this_gateway_does_not_have_says_so_in_the_form(desk_with: OpenDesk) -> None:
    fields = 'fields = { remain_quota = "$1", group = "nowhere" }'
    policy = seed.POLICY[: seed.POLICY.index("[[templates]]")] + f'[[templates]]\nname = "odd"\n{fields}\n'
    async with desk_with(policy=policy, profile="upstream-g1") as desk:
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        await desk.slack.click(ADA, desk.slack.top_view(ADA), "template_0", value="odd")
        view = await form(desk, ADA, "has no group `nowhere`")
        await desk.fill(ADA, view, name="odd one")
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert "may not use the group “nowhere”" in str(answer.body)


async def test_a_command_fills_the_form_and_says_what_it_did_not_understand(http_desk: Desk) -> None:
    desk = http_desk
    text = "/apikey new staging-bot $5 30d gpt-4o please because load test"
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, text)
    view = await form(desk, ADA, "Filled in from your command.", "“please”", "Needs approval")
    assert filled(view) == {
        "name": "staging-bot",
        "remain_quota": "$5",
        "expired_time": "30d",
        "model_limits": ["gpt-4o"],
        "reason": "load test",
    }
    await desk.fill(ADA, view, remain_quota="$1")
    view = await form(desk, ADA, "“please”", "Granted at once")
    await desk.slack.submit(ADA, view)
    assert (await desk.settled()).reason == "load test"


async def test_a_secret_in_the_command_reaches_no_form(http_desk: Desk) -> None:
    secret = f"sk-{'a1B2' * 12}"
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey new bot $1 because {secret}")
    view = await form(http_desk, ADA, "Filled in from your command.")
    assert secret not in str(view.body)


async def test_a_denied_wish_is_asked_again_from_the_message_the_list_and_the_card(http_desk: Desk) -> None:
    desk = http_desk
    wish = {"remain_quota": "2M", "expired_time": "90d", "allow_ips": "192.0.2.7", "reason": "load test"}
    await desk.ask(ADA, name="again", **wish)
    card = await desk.eventually(desk.card)
    await desk.slack.click(MIRA, card, "deny")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), reason="too much")
    await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    notice = await desk.eventually(lambda: desk.dm(ADA, "denied")[0])
    await desk.slack.click(ADA, notice, "key.create.again")
    view = await form(desk, ADA, "Filled in from request #1", "Needs approval")
    assert filled(view) == {"name": "again", **wish}
    await desk.slack.close_view(ADA, view)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey requests")
    page = desk.slack.messages(seed.KEYS_CHANNEL, viewer=ADA)[-1]
    await desk.slack.click(ADA, page, "key.create.again")
    view = await form(desk, ADA, "Filled in from request #1")
    await desk.fill(ADA, view, remain_quota="$1")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert (await desk.settled(2)).status is Status.SUCCEEDED
    await desk.slack.click(ADA, await desk.eventually(lambda: desk.card(1)), "key.create.again")
    assert filled(await form(desk, ADA, "Filled in from request #1"))["name"].startswith("again")


async def test_somebody_else_s_request_is_not_opened(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="hers", remain_quota="2M", reason="private")
    card = await desk.eventually(desk.card)
    await desk.slack.click(ADA, card, "more", value="withdraw:1")
    card = await desk.eventually(lambda: desk.card(1) if "withdrawn" in text_of(desk.card(1)).lower() else None)
    await desk.slack.click(BEN, card, "key.create.again")
    await desk.eventually(
        lambda: any("no such request" in text_of(m) for m in desk.slack.messages(seed.KEYS_CHANNEL, viewer=BEN))
    )


@pytest.mark.parametrize(
    ("operation", "words", "fields", "shown"),
    [
        ("quota", "quota", {"delta": "+3M", "reason": "load test"}, {"delta": "+3M", "reason": "load test"}),
        ("edit", "update", {"expired_time": "365d", "reason": "long"}, {"expired_time": "365d", "reason": "long"}),
    ],
)
async def test_a_wish_for_a_key_is_asked_again(
    http_desk: Desk, operation: str, words: str, fields: dict[str, Any], shown: dict[str, Any]
) -> None:
    desk = http_desk
    record = await desk.own(ADA, desk.gateway.add_key(name="search", remain_quota=100_000))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {operation} {record.id}")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == f"key.{words}")
    await desk.fill(ADA, desk.slack.top_view(ADA), **fields)
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    await desk.slack.click(ADA, desk.slack.top_view(ADA), "withdraw")
    await desk.eventually(lambda: "withdrawn" in view_text(desk.slack.top_view(ADA)))
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
    await desk.eventually(lambda: f"key.{words}.again" in buttons_of(desk.card()))
    await desk.slack.click(ADA, desk.card(), f"key.{words}.again")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == f"key.{words}")
    view = desk.slack.top_view(ADA)
    assert {field: filled(view)[field] for field in shown} == shown
    assert "Needs approval" in view_text(view)
