"""api.test, auth.test and apps.connections.open."""

from tests.keydesk_sandbox.fake_slack.kit import Caller


async def test_the_app_is_described(api: Caller) -> None:
    assert (await api.ok("auth.test"))["user_id"] == "U0KEYDESK"
    assert (await api.ok("bots.info", bot="B0KEYDESK"))["bot"]["app_id"] == "A0KEYDESK"
    assert await api.refused("bots.info", bot="B1") == "bot_not_found"
    assert await api.refused("api.test", error="my_error") == "my_error"
    assert (await api.ok("api.test", foo="bar"))["args"] == {"foo": "bar"}
