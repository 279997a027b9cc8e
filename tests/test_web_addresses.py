"""Which hosts are on this machine or in a private network."""

import pytest

from bot.web_addresses import is_inside


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("gateway", True),
        ("gateway.svc", True),
        ("api.internal", True),
        ("8.8.8.8", False),
        ("api.cometapi.com", False),
    ],
)
def test_private_names_and_addresses_are_inside(host: str, inside: bool) -> None:
    assert is_inside(host) is inside
