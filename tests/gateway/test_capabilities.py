"""What is learnt of a deployment by cheap reads, and from read-backs."""

import pytest

from bot.gateway.capabilities import Capabilities, Generation, detect_capabilities
from bot.gateway.errors import GatewayAuthError
from tests.gateway.answers import answering, html, no, yes
from tests.gateway.kit import client_of, fake_gateway, sent

EMPTY = {"total": 0, "items": []}


@pytest.mark.parametrize(
    ("profile", "generation", "masked", "search", "header"),
    [
        ("cometapi", "cometapi", False, "flat", False),
        ("upstream-g1", "g1", False, "flat", None),
        ("upstream-g2", "g2+", True, "paginated", None),
        ("upstream-g3", "g2+", True, "paginated", False),
    ],
)
async def test_each_profile_is_known(
    profile: str, generation: str, masked: bool, search: str, header: bool | None
) -> None:
    fake = fake_gateway(profile)
    fake.add_key(name="ci")
    found = await detect_capabilities(client_of(fake))
    assert found.generation is Generation(generation)
    assert (found.masked_keys, found.search, found.user_header_needed) == (masked, search, header)
    assert (found.groups is None) == (profile == "cometapi")
    assert found.reveal is (None if masked else True)
    assert (found.plain_put_status, found.status_only) == (None, None)
    assert set(sent(fake)) == {"GET /api/token/", "GET /api/token/search", "GET /api/user/self/groups"}
    assert Capabilities.model_validate_json(found.model_dump_json()) == found


async def test_a_missing_user_header_is_an_answer() -> None:
    client, _ = answering(no("Unauthorized, New-Api-User header not provided", status=401))
    assert (await detect_capabilities(client)).user_header_needed is True


async def test_other_sign_in_errors_are_raised() -> None:
    client, _ = answering(no("invalid access token"))
    with pytest.raises(GatewayAuthError):
        await detect_capabilities(client)
    for where in (1, 2):
        client, _ = answering(*[yes(EMPTY)] * where, no("invalid access token"))
        with pytest.raises(GatewayAuthError):
            await detect_capabilities(client)


async def test_what_is_not_there_is_not_known() -> None:
    client, _ = answering(yes(EMPTY), html(404), html(404))
    assert await detect_capabilities(client) == Capabilities(user_header_needed=False)
    client, _ = answering(yes(EMPTY), yes("?"), html(404))
    assert (await detect_capabilities(client)).search is None


def test_read_backs_teach() -> None:
    known = Capabilities(masked_keys=True).learn(reveal=True, status_only=False)
    assert (known.masked_keys, known.reveal, known.status_only, known.plain_put_status) == (True, True, False, None)
