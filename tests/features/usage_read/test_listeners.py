"""Who sees whose spending, and where the sums come from."""

from dataclasses import replace

import pytest

from bot.errors import InputError, PermissionDenied
from bot.features.usage_read.listeners import UsageReadListeners, register
from bot.gateway.models import GatewayAccount
from bot.keys import account_history, inventory_store
from bot.keys.inventory_store import PassMark
from bot.slack.router import Router
from keydesk_sandbox.fake_gateway.state import LogRow
from tests.approvals.kit import ADA, BEN, MIRA, SAM
from tests.features.desk import ListenerDesk

DAY = 86_400


async def asked(desk: ListenerDesk, user: str, text: str = "") -> str:
    assert await UsageReadListeners(desk.deps).read(desk.delivery(user, text=text)) is None
    await desk.responder.drain(grace=20)
    return str(desk.web.responded[-1:] + desk.web.calls[-1:])


async def listed(desk: ListenerDesk, *, days: int = 0) -> None:
    """A list of all keys, so many days ago."""
    at = desk.spine.now - days * DAY
    mark = PassMark(started_at=at, finished_at=at, keys=1, settled=True)
    await desk.deps.database.run(inventory_store.finish_pass, mark)


async def test_an_engineer_sees_the_own_spending_and_nobody_else_s(listener_desk: ListenerDesk) -> None:
    mine, bens = await listener_desk.owned(name="adas"), await listener_desk.owned(BEN.slack_user_id, name="bens")
    await listed(listener_desk)
    own = await asked(listener_desk, ADA.slack_user_id)
    assert "<@U0ADA>'s 1 key" in own
    assert "adas" in own
    assert "Spending of key" in await asked(listener_desk, ADA.slack_user_id, str(mine.id))
    assert "1 key" in await asked(listener_desk, ADA.slack_user_id, f"<@{ADA.slack_user_id}|ada>")
    with pytest.raises(InputError):
        await asked(listener_desk, ADA.slack_user_id, str(bens.id))
    for text in (f"<@{BEN.slack_user_id}>", "all", "ALL"):
        with pytest.raises(PermissionDenied):
            await asked(listener_desk, ADA.slack_user_id, text)


async def test_whoever_looks_after_keys_sees_everybody_s(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned(name="adas")
    await listed(listener_desk)
    assert "<@U0ADA>'s 1 key" in await asked(listener_desk, MIRA.slack_user_id, f"<@{ADA.slack_user_id}>")
    assert "Spending of key" in await asked(listener_desk, MIRA.slack_user_id, f"{key.id}")
    assert "0 keys" in await asked(listener_desk, MIRA.slack_user_id)


async def test_whoever_may_see_a_key_but_not_its_spending_is_refused(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned()
    with pytest.raises(PermissionDenied):
        await asked(listener_desk, SAM.slack_user_id, f"{key.id}")


async def test_before_all_keys_were_listed_nobody_is_told_that_they_have_none(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned(name="adas")
    assert "<@U0ADA>'s 1 key" in await asked(listener_desk, ADA.slack_user_id)
    listener_desk.gateway.arm("refused", times=None)
    assert "0 keys" not in await asked(listener_desk, ADA.slack_user_id)


async def test_sums_come_from_samples_where_those_reach_back_and_else_from_the_log(
    listener_desk: ListenerDesk,
) -> None:
    desk = listener_desk
    key = await desk.owned(name="busy", used_quota=9_000_000)
    await listed(desk)
    row = LogRow(
        created_at=int(desk.spine.now - 3 * DAY),
        token_name="busy",
        token_id=int(key.id),
        model_name="gpt-4o-mini",
        quota=2_500_000,
        group="default",
        request_id="",
        prompt_tokens=1,
        completion_tokens=1,
    )
    desk.gateway._state.log.append(row)
    text = await asked(desk, ADA.slack_user_id, "busy")
    assert "gpt-4o-mini: $5.00 in 1 call" in text
    assert "Sums from the gateway's log" in text
    desk.gateway._state.log.clear()
    assert "Sums from counters" in await asked(desk, ADA.slack_user_id, "busy")


@pytest.mark.parametrize("numbered", [True, False])
async def test_a_key_that_was_given_the_name_of_another_tells_nothing_of_that_one(
    listener_desk: ListenerDesk, numbered: bool
) -> None:
    desk = listener_desk
    desk.gateway._state.switches = replace(desk.gateway._state.switches, log_token_id=numbered)
    bens = await desk.owned(BEN.slack_user_id, name="production")
    mine = await desk.owned(name="production")
    await listed(desk)
    row = LogRow(
        created_at=int(desk.spine.now - 3 * DAY),
        token_name="production",
        token_id=int(bens.id),
        model_name="secret-model",
        quota=2_500_000,
        group="default",
        request_id="",
        prompt_tokens=1,
        completion_tokens=1,
    )
    desk.gateway._state.log.append(row)
    assert "secret-model" not in await asked(desk, ADA.slack_user_id, str(mine.id))
    assert ("secret-model" in await asked(desk, BEN.slack_user_id, str(bens.id))) is numbered


async def test_a_gateway_without_a_log_is_no_error(listener_desk: ListenerDesk) -> None:
    desk = listener_desk
    key = await desk.owned(name="busy")
    await listed(desk)
    listeners = UsageReadListeners(desk.deps)
    desk.gateway.arm("refused", times=None)
    message, chart = await listeners._of_key(key)
    assert "does not tell what was spent by model" in str(message.blocks)
    assert chart is not None


async def test_the_account(listener_desk: ListenerDesk) -> None:
    desk = listener_desk
    await listed(desk)
    assert "as soon as all keys were listed once" in await asked(desk, MIRA.slack_user_id, "all")
    account = GatewayAccount(id=42, username="d", group="g", quota=5, used_quota=7, request_count=0)
    await desk.deps.database.run(account_history.write, account, at=desk.spine.now)
    await desk.owned(remain_quota=10**13)
    text = await asked(desk, MIRA.slack_user_id, "all")
    assert "Spending of the gateway's account" in text
    assert "Keys may still spend" in text


def test_the_command_is_named(listener_desk: ListenerDesk) -> None:
    router = Router()
    register(router, listener_desk.deps)
    assert router.names("command") == {"usage"}
