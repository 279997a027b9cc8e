"""Another account, or a restored gateway: the old owner sees nothing of the new owner's key."""

from pathlib import Path
from typing import Any

from bot.keys import owners
from bot.keys.account import adopt_account
from keydesk_sandbox import seed
from tests.scenarios.alerting import learned
from tests.scenarios.desk import Desk, open_desk, view_text

ADA = seed.ENGINEER


async def opened(desk: Desk, user: str) -> str:
    await desk.app.responder.drain(grace=10)
    return " ".join(view_text(view) for view in desk.slack.open_views(user))


async def test_a_number_that_means_another_key_now_reveals_nothing(http_desk: Desk) -> None:
    desk = http_desk
    key = await desk.own(ADA, desk.key("notebooks"))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
    await desk.app.responder.drain(grace=10)
    window = desk.slack.top_view(ADA)
    desk.gateway.edit_behind(key.id, created_time=key.created_time + 1_000)
    await desk.slack.click(ADA, window, "key.reveal")
    assert desk.gateway.key_value(key.id) not in await opened(desk, ADA)
    assert "not allow revealing the value" in await opened(desk, ADA)


async def test_with_another_account_nobody_owns_a_key_until_an_administrator_agrees(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with open_desk(tmp_path / "one", database_url=sqlite_url) as desk:
        key = await desk.own(ADA, desk.key("notebooks"))
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "notebooks" in str(answer.body)
    elsewhere: dict[str, Any] = {"COMETAPI_BASE_URL": "http://127.0.0.1:2"}
    async with open_desk(tmp_path / "two", database_url=sqlite_url, **elsewhere) as desk:
        assert "keydesk adopt-account" in "".join(desk.app.resources.accounts.problems)
        # The same key there, made in the same second.
        desk.gateway.edit_behind(desk.key("notebooks").id, created_time=key.created_time)
        await desk.app.client.list_keys()
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "You have no keys yet" in str(answer.body)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey edit notebooks")
        assert "that you may see" in await opened(desk, ADA)
        assert "adopted" in await desk.app.database.run(adopt_account, desk.clock())
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "notebooks" in str(answer.body)
        assert [line["fact"] for line in await desk.audit("account")] == ["account", "account"]


async def test_a_pass_of_the_index_alone_ends_what_a_restored_gateway_made_wrong(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    key = await desk.own(ADA, desk.key("notebooks"))
    await desk.app.database.run(owners.observe, {key.id: key.created_time})
    value = desk.gateway.key_value(key.id)
    desk.gateway.edit_behind(key.id, created_time=key.created_time + 1_000)
    desk.gateway._state.store.row(key.id).key = "Zz9" + value[::-1][:45]
    # Nobody lists keys; only the index looks, as it does by itself.
    desk.app.alerts.index_sync._sources[0].all_at = float("-inf")
    desk.app.alerts.changed()
    new = desk.gateway.key_value(key.id).removeprefix("sk-")
    await desk.eventually(lambda: desk.app.alerts.index.holds(new))
    assert not desk.app.alerts.index.holds(value.removeprefix("sk-"))

    async def nobodys() -> bool:
        return await desk.app.database.read(owners.owner_of, key.id) is None

    await desk.until(nobodys, otherwise="the old owner keeps it")
    line = await desk.app.database.read(owners.find, key.id)
    assert line is not None
    assert line.deleted_at is not None
    assert ADA not in (await desk.app.database.read(owners.all_owners)).values()
