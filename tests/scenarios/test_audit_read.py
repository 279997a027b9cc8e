"""`/apikey audit`: for those who may, of one key or of everything."""

from bot.sandbox import seed
from tests.scenarios.desk import Desk


async def test_an_administrator_reads_the_record_and_an_engineer_does_not(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(seed.ENGINEER, name="tiny", remain_quota="$1", expired_time="7d")
    await desk.eventually(lambda: desk.said("was created"))
    key_id = desk.key("tiny").id

    await desk.slack.command(seed.SECURITY, seed.KEYS_CHANNEL, "/apikey audit")
    page = desk.slack.messages(seed.KEYS_CHANNEL, seed.SECURITY)[-1]
    assert "The record of everything" in str(page.blocks)
    for fact in ("asked", "approved", "applying", "applied"):
        assert f"`{fact}`" in str(page.blocks)

    await desk.slack.command(seed.SECURITY, seed.KEYS_CHANNEL, f"/apikey audit {key_id}")
    page = desk.slack.messages(seed.KEYS_CHANNEL, seed.SECURITY)[-1]
    assert "`applied`" in str(page.blocks)
    assert desk.gateway.key_value(key_id).removeprefix("sk-") not in str(page.blocks)

    await desk.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, "/apikey audit")
    page = desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER)[-1]
    assert "No rule allows audit.read" in page.text
