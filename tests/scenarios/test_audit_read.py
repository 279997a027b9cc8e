"""`/apikey audit`: for those who may, of one key or of everything."""

from bot import __version__
from bot.slack.blocks import isolate
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.scenarios.desk import Desk, text_of


async def test_an_administrator_reads_the_record_and_an_engineer_does_not(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(seed.ENGINEER, name="tiny", remain_quota="$1", expired_time="7d")
    await desk.eventually(lambda: desk.said("was created"))
    key_id = desk.key("tiny").id

    await desk.slack.command(seed.SECURITY, seed.KEYS_CHANNEL, "/apikey audit")
    page = desk.slack.messages(seed.KEYS_CHANNEL, seed.SECURITY)[-1]
    told = text_of(page)
    assert "The record of everything" in told
    for sentence in (
        f"<@{seed.ENGINEER}> asked for a new key (*{isolate('tiny')}*): Quota 500k units ($1.00), Expires ",
        "The policy allowed a new key at once by rule “small keys are free”",
        "The gateway is asked for a new key",
        "Created: Quota 500k units ($1.00), Expires ",
        f"Keydesk {__version__} started with policy `",
    ):
        assert sentence in told
    assert f"· request #1 · key {key_id} · line " in told

    await desk.slack.command(seed.SECURITY, seed.KEYS_CHANNEL, f"/apikey audit {key_id}")
    page = desk.slack.messages(seed.KEYS_CHANNEL, seed.SECURITY)[-1]
    assert "Created" in text_of(page)
    assert f"<@{seed.ENGINEER}> asked for a new key (*{isolate('tiny')}*)" in text_of(page)
    assert desk.gateway.key_value(key_id).removeprefix("sk-") not in str(page.blocks)

    await desk.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, "/apikey audit")
    page = desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER)[-1]
    assert "does not allow reading the record" in page.text


async def test_the_record_of_a_key_outlives_the_key(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(seed.ENGINEER, name="tiny", remain_quota="$1", expired_time="7d")
    await desk.eventually(lambda: desk.said("was created"))
    key_id = desk.key("tiny").id
    await desk.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, f"/apikey delete {key_id}")
    await desk.eventually(lambda: desk.slack.top_view(seed.ENGINEER).body["callback_id"] == "key.delete")
    await desk.fill(seed.ENGINEER, desk.slack.top_view(seed.ENGINEER), confirm="tiny")
    await desk.slack.submit(seed.ENGINEER, desk.slack.top_view(seed.ENGINEER))
    await desk.eventually(lambda: desk.said("was deleted"))

    page = await _told(desk, seed.SECURITY, f"/apikey audit {key_id}")
    assert f"The record of key {key_id}" in page.text
    assert "deletion" in str(page.blocks)


async def test_of_several_keys_with_one_name_none_is_guessed(http_desk: Desk) -> None:
    desk = http_desk
    twins = [desk.gateway.add_key(name="twin", unlimited_quota=True) for _ in range(2)]
    for word in ("audit", "why key.disable"):
        told = text_of(await _told(desk, seed.SECURITY, f"/apikey {word} twin"))
        assert "2 keys may be meant by “twin”" in told
        assert all(f"number {record.id} " in told for record in twins)


async def _told(desk: Desk, user: str, command: str) -> SlackMessage:
    """The answer to a command."""
    await desk.slack.command(user, seed.KEYS_CHANNEL, command)
    return desk.slack.messages(seed.KEYS_CHANNEL, user)[-1]
