"""api.test, auth.test and apps.connections.open."""

from typing import Any

from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.web_api.parts import Method, Parts


def _api_test(_: Parts, arguments: Arguments) -> dict[str, Any]:
    if arguments.given("error"):
        raise ApiError(arguments.text("error"))
    return {"args": arguments.values}


def _auth_test(parts: Parts, _: Arguments) -> dict[str, Any]:
    app, team = parts.core.app, parts.core.workspace.team
    answer: dict[str, Any] = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": parts.core.workspace.people[app.bot_user_id].name,
        "team_id": team.installed_in,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": team.org_install,
    }
    if team.enterprise_id:
        answer["enterprise_id"] = team.enterprise_id
    return answer


def _teams(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    team = parts.core.workspace.team
    page, cursor = arguments.page([{"id": team.id, "name": team.name}])
    return {"teams": page, "response_metadata": {"next_cursor": cursor}}


def _connect(parts: Parts, _: Arguments) -> dict[str, Any]:
    base = parts.base_url().replace("http://", "ws://", 1).replace("https://", "wss://", 1)
    return {"url": f"{base}/socket/{parts.hub.ticket()}"}


METHODS = {
    "api.test": Method(run=_api_test, covered="echo, error"),
    "auth.test": Method(run=_auth_test, covered="bot token"),
    "auth.teams.list": Method(run=_teams, covered="the one workspace"),
    "apps.connections.open": Method(run=_connect, app_token=True, covered="one-time socket URL, app-level token"),
}
