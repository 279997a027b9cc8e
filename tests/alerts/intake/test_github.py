import httpx
import pytest
from pydantic import SecretStr

from bot.alerts.intake.github import GithubApi, GithubUnavailable
from bot.alerts.intake.sources import GithubAlert

ALERT = GithubAlert(owner="lighthouse", repository="search", number=3)


async def ask(answer: httpx.Response | Exception) -> tuple[str, httpx.Request]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    api = GithubApi(token=SecretStr("test-token"), transport=httpx.MockTransport(handle))
    try:
        return (await api.secret_of(ALERT)).get_secret_value(), asked[0]
    finally:
        await api.aclose()


async def test_the_one_documented_call() -> None:
    secret, request = await ask(httpx.Response(200, json={"number": 3, "secret": "sk-abc"}))
    assert secret == "sk-abc"
    assert str(request.url) == "https://api.github.com/repos/lighthouse/search/secret-scanning/alerts/3"
    assert request.headers["authorization"] == "Bearer test-token"
    assert request.headers["x-github-api-version"] == "2022-11-28"


@pytest.mark.parametrize(
    ("answer", "lasting"),
    [
        (httpx.Response(401), True),
        (httpx.Response(404), False),
        (httpx.Response(301, headers={"Location": "https://elsewhere.test/"}), True),
        (httpx.Response(200, text="<html>"), True),
        (httpx.Response(200, json={"number": 3}), True),
        (httpx.Response(200, json=[]), True),
        (httpx.Response(200, content=b"x" * 300_000), True),
        (httpx.Response(502), False),
        (httpx.Response(403, headers={"Retry-After": "60"}), False),
        (httpx.Response(403, headers={"X-RateLimit-Remaining": "0"}), False),
        (httpx.Response(403, headers={"X-RateLimit-Remaining": "7"}), False),
        (httpx.Response(429), False),
        (httpx.ConnectError("no"), False),
        (httpx.ReadTimeout("no"), False),
    ],
)
async def test_what_goes_wrong_is_a_sentence_without_secrets(answer: httpx.Response | Exception, lasting: bool) -> None:
    with pytest.raises(GithubUnavailable) as error:
        await ask(answer)
    assert error.value.lasting is lasting
    assert "test-token" not in error.value.sentence
