"""The named sets of answers."""

import pytest

from keydesk_sandbox.fake_gateway import PROFILES, FakeGateway
from tests.keydesk_sandbox.fake_gateway.talk import PAT


def test_every_profile_can_be_named_and_an_unknown_one_is_refused() -> None:
    for name in PROFILES:
        assert FakeGateway(access_token=PAT, profile=name).profile
    with pytest.raises(ValueError, match="no profile"):
        FakeGateway(access_token=PAT, profile="nothing")
