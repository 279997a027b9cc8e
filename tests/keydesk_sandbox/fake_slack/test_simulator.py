"""The little Slack as tests and the page drive it."""

from tests.keydesk_sandbox.fake_slack.kit import (
    Caller,
    MakeSlack,
)


async def test_two_slacks_share_nothing(make_slack: MakeSlack) -> None:
    one, two = make_slack(), make_slack()
    await Caller(one).ok("chat.postMessage", channel="C1GENERAL", text="x")
    assert two.messages("C1GENERAL") == []
