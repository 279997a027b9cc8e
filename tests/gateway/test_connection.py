"""A client with its wire: wrong settings are told at once, and each has a limiter and numbers of its own."""

import pytest
from pydantic import SecretStr

from bot.errors import ConfigurationError
from bot.gateway.connection import connect
from bot.gateway.numbers import KeyNumbers
from tests.gateway.kit import BASE, PAT


async def test_what_cannot_be_used_is_told_before_anything_is_sent() -> None:
    with pytest.raises(ConfigurationError) as caught:
        connect(base_url="gateway", access_token=SecretStr("two words"), user_id="me")
    assert [problem.split(" ", 1)[0] for problem in caught.value.problems] == [
        "COMETAPI_BASE_URL",
        "COMETAPI_ACCESS_TOKEN",
        "COMETAPI_USER_ID",
    ]


async def test_without_more_it_is_the_gateway_of_the_settings() -> None:
    plain = connect(base_url=BASE, access_token=SecretStr(PAT))
    prod = connect(base_url=BASE, access_token=SecretStr(PAT), numbers=KeyNumbers(name="prod", block=1))
    assert (plain.numbers.name, plain.numbers.block, prod.numbers.name) == ("default", 0, "prod")
    assert plain.limiter is not prod.limiter
    for client in (plain, prod):
        await client.aclose()
