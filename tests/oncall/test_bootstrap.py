"""The client comes from plain values, and follows nobody elsewhere."""

from pydantic import SecretStr

from bot.oncall import client
from bot.proxies import Proxies
from tests.narrow import present

URL = "http://127.0.0.1:9"


async def test_without_a_token_there_is_no_client() -> None:
    assert client(None, url=URL, proxies=Proxies()) is None


async def test_the_client_speaks_to_one_address_alone() -> None:
    made = present(
        client(SecretStr("not-a-real-token"), url=URL, proxies=Proxies({"http_proxy": "http://proxy.test:3128"}))
    )
    assert not made.http.follow_redirects
    assert not made.http.trust_env
    assert str(made.http.base_url).startswith(URL)
    await made.aclose()
