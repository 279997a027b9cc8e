"""Who we are: asked until Slack answers, and what stops the start."""

from typing import Any

import pytest

from bot.errors import CannotStart, ConfigurationError
from bot.slack import identity
from bot.slack.errors import SlackUnavailable, refused
from bot.slack.identity import identify

ME = {"team_id": "T1", "user_id": "U1", "bot_id": "B1"}


class Web:
    """Answers in order, the last one for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def read(self, method: str, **_arguments: Any) -> Any:
        self.asked.append(method)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(_seconds: float) -> None:
        pass

    monkeypatch.setattr(identity.asyncio, "sleep", sleep)


async def test_slack_that_is_away_at_first_is_asked_again() -> None:
    web = Web(SlackUnavailable(), ME, {"bot": {"app_id": "A1"}})
    found = await identify(web, api_url="https://slack.test/")
    assert (found.team_id, found.bot_user_id, found.bot_id, found.app_id) == ("T1", "U1", "B1", "A1")
    assert web.asked == ["auth.test", "auth.test", "bots.info"]


async def test_the_app_may_stay_unknown() -> None:
    found = await identify(Web(ME, refused("bots.info", "missing_scope")), api_url="x")
    assert (found.bot_id, found.app_id) == ("B1", "")


async def test_a_token_that_is_not_taken_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"SLACK_BOT_TOKEN.*invalid_auth"):
        await identify(Web(refused("auth.test", "invalid_auth")), api_url="x")


async def test_slack_that_stays_away_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "SLACK_SECONDS", -1.0)
    with pytest.raises(CannotStart, match=r"https://slack\.test/"):
        await identify(Web(SlackUnavailable()), api_url="https://slack.test/")
