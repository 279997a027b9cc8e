"""Everything that one person can see."""

from typing import Any

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Caller


async def test_the_state_is_what_that_person_sees(slack: FakeSlack, api: Caller, page: Any) -> None:
    await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="psst")
    mine, theirs = await page.state(), await page.state("U2BOB")
    general = next(channel for channel in mine["channels"] if channel["id"] == "C1GENERAL")
    assert general["messages"][0]["ephemeral"] is True
    assert {channel["name"] for channel in theirs["channels"]} == {"general", "secret", "Keydesk"}
    assert next(channel for channel in theirs["channels"] if channel["id"] == "C1GENERAL")["messages"] == []
    assert mine["commands"][0]["command"] == "/apikey"
    assert {person["kind"] for person in mine["people"]} == {"member", "guest", "outsider", "bot", "deactivated"}
    assert (await api.http.get("/sandbox/api/state?as=U404")).status_code == 400
