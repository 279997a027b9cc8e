"""Who may call the routes."""

import pytest

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Caller,
)


async def test_only_this_machine_gets_in(slack: FakeSlack, api: Caller) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        assert (await api.http.get("/sandbox/api/state?as=U1ALICE", headers=headers)).status_code == 403
    with pytest.raises(ValueError, match="loopback"):
        slack.base_url = "http://sandbox.example"
