"""Another account, or a restored gateway: the old owner sees nothing of the new owner's key."""

from pathlib import Path

from bot.keys.account import adopt_account
from keydesk_sandbox import seed
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
    assert "No rule allows key.reveal" in await opened(desk, ADA)


async def test_with_another_account_nobody_owns_a_key_until_an_administrator_agrees(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with open_desk(tmp_path / "one", database_url=sqlite_url) as desk:
        await desk.own(ADA, desk.key("notebooks"))
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "notebooks" in str(answer.body)
    elsewhere = {"COMETAPI_BASE_URL": "http://127.0.0.1:2"}
    async with open_desk(tmp_path / "two", database_url=sqlite_url, **elsewhere) as desk:
        assert "keydesk adopt-account" in desk.app.resources.account.problem
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "You have no keys yet" in str(answer.body)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey edit notebooks")
        assert "that you may see" in await opened(desk, ADA)
        assert "adopted" in await desk.app.database.run(adopt_account, desk.clock())
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey list")
        assert "notebooks" in str(answer.body)
        assert [line["fact"] for line in await desk.audit("account")] == ["account", "account"]
