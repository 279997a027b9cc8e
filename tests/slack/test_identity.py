"""Who we are: asked until Slack answers, and what stops the start."""

import asyncio
from typing import Any

import pytest

from bot.errors import CannotStart, ConfigurationError
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


def web_of(*answers: Any) -> Any:
    return Web(*answers)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(_seconds: float) -> None:
        pass

    monkeypatch.setattr(asyncio, "sleep", sleep)


async def test_slack_that_is_away_at_first_is_asked_again() -> None:
    web: Any = Web(SlackUnavailable(), ME, {"bot": {"app_id": "A1"}})
    found = await identify(web, api_url="https://slack.test/")
    assert (found.team_id, found.bot_user_id, found.bot_id, found.app_id) == ("T1", "U1", "B1", "A1")
    assert web.asked == ["auth.test", "auth.test", "bots.info"]


async def test_the_app_may_stay_unknown() -> None:
    found = await identify(web_of(ME, refused("bots.info", "missing_scope")), api_url="x")
    assert (found.bot_id, found.app_id) == ("B1", "")


async def test_a_token_that_is_not_taken_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"SLACK_BOT_TOKEN.*invalid_auth"):
        await identify(web_of(refused("auth.test", "invalid_auth")), api_url="x")


async def test_a_start_that_waits_says_for_what(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.slack.identity.SILENT_SECONDS", 0.0)
    said = asyncio.Event()

    class Hanging(Web):
        async def read(self, method: str, **arguments: Any) -> Any:
            if method == "auth.test":
                await said.wait()
            return await super().read(method, **arguments)

    asyncio.get_running_loop().call_later(0.01, said.set)
    web: Any = Hanging(ME)
    await identify(web, api_url="https://slack.test/")
    [told] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == "waiting for Slack at https://slack.test/, which has not answered yet; it is asked for 30 s"


async def test_slack_that_answers_is_not_waited_for_aloud(caplog: pytest.LogCaptureFixture) -> None:
    await identify(web_of(ME), api_url="https://slack.test/")
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


async def test_slack_that_stays_away_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.identity.SLACK_SECONDS", -1.0)
    with pytest.raises(CannotStart, match=r"https://slack\.test/"):
        await identify(web_of(SlackUnavailable()), api_url="https://slack.test/")


ORG = {"team_id": "E0ORG", "enterprise_id": "E0ORG", "is_enterprise_install": True, "user_id": "U1", "bot_id": "B1"}
BOT = {"bot": {"app_id": "A1"}}


async def test_the_token_of_an_organisation_needs_a_workspace() -> None:
    with pytest.raises(ConfigurationError, match=r"org-wide install.*set SLACK_TEAM_ID to its id"):
        await identify(web_of(ORG), api_url="x")
    web = web_of(
        ORG, {"teams": [{"id": "T0ELSE"}], "response_metadata": {"next_cursor": "2"}}, {"teams": [{"id": "T1"}]}, BOT
    )
    found = await identify(web, api_url="x", team_id="T1")
    assert (found.team_id, found.organisation, found.app_id) == ("T1", "E0ORG", "A1")


@pytest.mark.parametrize("auth", [ORG, ORG | {"is_enterprise_install": False}])
async def test_a_workspace_without_the_app_is_no_place_to_serve(auth: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"not in the workspace T9 of SLACK_TEAM_ID"):
        await identify(web_of(auth, {"teams": [{"id": "T1"}]}), api_url="x", team_id="T9")


async def test_what_slack_does_not_tell_about_workspaces_hinders_no_start() -> None:
    web = web_of(ORG, refused("auth.teams.list", "team_access_not_granted"), BOT)
    assert (await identify(web, api_url="x", team_id="T1")).team_id == "T1"


async def test_a_workspace_beside_the_token_of_another_one() -> None:
    with pytest.raises(ConfigurationError, match=r"SLACK_TEAM_ID is T9, but SLACK_BOT_TOKEN belongs to T1"):
        await identify(web_of(ME), api_url="x", team_id="T9")
    assert (await identify(web_of(ME, BOT), api_url="x", team_id="T1")).organisation == ""
