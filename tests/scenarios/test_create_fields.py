"""Asking for a key: every field reaches the gateway as typed, whatever way the form was opened."""

import functools
import time

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import GatewayFault
from keydesk_sandbox.world import World
from tests.scenarios.conftest import FreeDesk, OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.policies import FREE, ROLES

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER
NO_VIP = f"""{ROLES}
[[rules]]
name = "no vip"
who  = ["*"]
do   = ["key.create"]
when = {{ group_in = ["vip"] }}
deny = "Vip: ask Lena."
{FREE.removeprefix(ROLES)}"""


async def test_all_nine_fields_arrive(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        moment = int(time.time()) + 45 * 86_400
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        view = desk.slack.top_view(ADA)
        await desk.fill(
            ADA,
            view,
            name="whole",
            remain_quota="1.5M",
            unlimited_quota=["on"],
            expired_time="custom",
            model_limits=["gpt-4o-mini", "claude-sonnet-4"],
            allow_ips="198.51.100.10, 2001:db8::/32\n198.51.100.10 203.0.113.7",
            group="auto",
            cross_group_retry=["on"],
            expired_time_at=moment,
        )
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert "errors" not in (answer.body or {}), answer.body
        await desk.eventually(lambda: desk.said("was created"))
        record = desk.key("whole")
        assert (record.remain_quota, record.unlimited_quota) == (1_500_000, True)
        assert record.expired_time == moment
        assert (record.model_limits_enabled, record.model_limits) == (True, "gpt-4o-mini,claude-sonnet-4")
        assert record.allow_ips == "198.51.100.10\n2001:db8::/32\n203.0.113.7"
        assert (record.group, record.cross_group_retry) == ("auto", True)


async def test_the_smallest_form_makes_a_plain_key(http_desk: Desk) -> None:
    answer = await http_desk.ask(ADA, name="plain", remain_quota="1")
    assert answer.ok
    await http_desk.eventually(lambda: http_desk.said("was created"))
    record = http_desk.key("plain")
    assert (record.remain_quota, record.unlimited_quota) == (1, False)
    assert (record.model_limits_enabled, record.model_limits, record.allow_ips) == (False, "", "")
    assert (record.group, record.cross_group_retry) == ("", False)


async def test_never_means_minus_one(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        await desk.ask(ADA, name="for-ever", remain_quota="$1", expired_time="never")
        await desk.eventually(lambda: desk.said("was created"))
        assert desk.key("for-ever").expired_time == -1


async def test_days_count_from_the_approval(http_desk: Desk) -> None:
    await http_desk.ask(ADA, name="late", remain_quota="2M", expired_time="7d")
    card = await http_desk.eventually(lambda: http_desk.card(1))
    assert "7 days after approval" in text_of(card)
    approved = time.time()
    await http_desk.slack.click(seed.MANAGER, card, "approve")
    await http_desk.eventually(lambda: http_desk.said("was created"))
    assert abs(http_desk.key("late").expired_time - approved - 7 * 86_400) < 10


async def test_the_words_after_the_command_become_the_name(http_desk: Desk) -> None:
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new nightly build")
    view = http_desk.slack.top_view(ADA)
    assert view.values["name"]["value"]["value"] == "nightly build"


async def test_the_shortcut_and_the_help_button_open_the_same_form(http_desk: Desk) -> None:
    await http_desk.slack.shortcut(ADA, "new_key")
    assert http_desk.slack.top_view(ADA).body["callback_id"] == "key.create"
    await http_desk.slack.close_view(ADA, http_desk.slack.top_view(ADA))
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey help")
    page = http_desk.slack.messages(seed.KEYS_CHANNEL, viewer=ADA)[-1]
    assert set(buttons_of(page)) == {"key.create", "my_keys", "my_requests"}
    await http_desk.slack.click(ADA, page, "key.create")
    assert http_desk.slack.top_view(ADA).body["callback_id"] == "key.create"


def _reads(desk: Desk, words: str) -> bool:
    return any(words in text_of(message) for message in desk.slack.messages(seed.KEYS_CHANNEL, viewer=ADA))


async def test_the_buttons_of_the_help_page_answer(http_desk: Desk) -> None:
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey")
    page = http_desk.slack.messages(seed.KEYS_CHANNEL, viewer=ADA)[-1]
    for button, words in (("my_keys", "You have no keys yet"), ("my_requests", "There are no requests yet")):
        await http_desk.slack.click(ADA, page, button)
        await http_desk.eventually(functools.partial(_reads, http_desk, words))


async def test_the_receipt_says_the_number_and_withdraws(http_desk: Desk) -> None:
    await http_desk.ask(ADA, name="second-thoughts", remain_quota="2M")
    receipt = http_desk.slack.top_view(ADA)
    assert "Request #1" in view_text(receipt)
    await http_desk.slack.click(ADA, receipt, "withdraw")
    assert (await http_desk.settled()).status is Status.WITHDRAWN
    await http_desk.eventually(lambda: "withdrawn" in view_text(http_desk.slack.top_view(ADA)))
    await http_desk.eventually(lambda: buttons_of(http_desk.card(1)) == ["look_at_request", "key.create.again"])


@pytest.mark.parametrize(("own", "denied"), [("vip", True), ("default", False)])
async def test_a_key_without_a_group_is_judged_by_the_account_s_own(
    desk_with: OpenDesk, own: str, denied: bool
) -> None:
    def prepare(world: World) -> None:
        world.gateway.account.group = own

    async with desk_with(policy=NO_VIP, prepare=prepare) as desk:
        answer = await desk.ask(ADA, name="plain", remain_quota="1")
        if denied:
            assert "Vip: ask Lena." in str(answer.body)
            assert "key of the group vip. The rule may hold" not in str(answer.body)
        else:
            await desk.eventually(lambda: desk.said("was created"))
        answer = await desk.ask(ADA, name="named", remain_quota="1", group="default")
        await desk.eventually(lambda: desk.key("named"))


async def test_while_the_gateway_does_not_tell_the_account_s_group_a_key_needs_a_named_one(
    desk_with: OpenDesk,
) -> None:
    def prepare(world: World) -> None:
        world.gateway.arm(GatewayFault(times=None, path="/api/user/self", kind="empty"))

    async with desk_with(policy=NO_VIP, prepare=prepare) as desk:
        answer = await desk.ask(ADA, name="plain", remain_quota="1")
        assert "name a group to be sure" in str(answer.body)
        await desk.ask(ADA, name="named", remain_quota="1", group="default")
        await desk.eventually(lambda: desk.key("named"))
        # Once it tells, nobody need name one.
        desk.gateway.disarm()
        await desk.pass_time(301)

        async def told() -> bool:
            return "errors" not in ((await desk.ask(ADA, name="plain", remain_quota="1")).body or {})

        await desk.until(told, otherwise="the group is not known")
