"""The payloads of slack.md A3. Builds dicts; delivers nothing."""

from typing import Any

from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.people import Person
from keydesk_sandbox.fake_slack.views import View, ViewBook
from keydesk_sandbox.fake_slack.workspace import Channel


class Payloads:
    """Builds what Slack sends to the app."""

    def __init__(self, core: Core, views: ViewBook) -> None:
        self._core = core
        self._views = views

    def _envelope(self, kind: str, person: Person, trigger_id: str | None) -> dict[str, Any]:
        team = self._core.workspace.team
        enterprise = {"id": team.enterprise_id, "name": team.enterprise_name} if team.enterprise_id else None
        payload: dict[str, Any] = {
            "type": kind,
            "user": person.short(),
            "team": None if team.org_install else {"id": team.id, "domain": team.domain},
            "enterprise": enterprise,
            "is_enterprise_install": team.org_install,
            "api_app_id": self._core.app.id,
            "token": "obsolete",
        }
        if trigger_id is not None:
            payload["trigger_id"] = trigger_id
        return payload

    def command(
        self, person: Person, channel: Channel, command: str, text: str, *, trigger_id: str, response_url: str
    ) -> dict[str, str]:
        """The fields of a slash command."""
        team = self._core.workspace.team
        fields = {
            "token": "obsolete",
            "team_id": team.id,
            "team_domain": team.domain,
            "channel_id": channel.id,
            "channel_name": channel_name(channel),
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": self._core.app.id,
            "is_enterprise_install": "true" if team.org_install else "false",
            "response_url": response_url,
            "trigger_id": trigger_id,
        }
        if team.enterprise_id:
            fields |= {"enterprise_id": team.enterprise_id, "enterprise_name": team.enterprise_name or ""}
        return fields

    def click_on_message(
        self,
        person: Person,
        channel: Channel,
        message: dict[str, Any],
        action: dict[str, Any],
        *,
        is_ephemeral: bool,
        attachment_id: int | None,
        values: dict[str, Any],
        trigger_id: str,
        response_url: str,
    ) -> dict[str, Any]:
        """block_actions from a message. An ephemeral one is named by `container` alone: its body does not come."""
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        if attachment_id is not None:
            container |= {"type": "message_attachment", "attachment_id": attachment_id, "is_app_unfurl": False}
        return {
            **self._envelope("block_actions", person, trigger_id),
            "container": container,
            "channel": {"id": channel.id, "name": channel_name(channel)},
            **({} if is_ephemeral else {"message": message}),
            "state": {"values": values},
            "response_url": response_url,
            "actions": [action],
        }

    def click_on_view(self, person: Person, view: View, action: dict[str, Any], *, trigger_id: str) -> dict[str, Any]:
        """block_actions from a modal or a Home tab."""
        return {
            **self._envelope("block_actions", person, trigger_id),
            "container": {"type": "view", "view_id": view.id},
            "view": self._views.wire(view),
            "hash": view.hash,
            "actions": [action],
        }

    def submission(
        self, person: Person, view: View, *, trigger_id: str, response_urls: list[dict[str, str]]
    ) -> dict[str, Any]:
        """view_submission."""
        return {
            **self._envelope("view_submission", person, trigger_id),
            "view": self._views.wire(view),
            "response_urls": response_urls,
        }

    def closed(self, person: Person, view: View, *, is_cleared: bool) -> dict[str, Any]:
        """view_closed."""
        return {
            **self._envelope("view_closed", person, None),
            "view": self._views.wire(view, without_inputs=True),
            "is_cleared": is_cleared,
        }

    def shortcut(self, person: Person, callback_id: str, *, trigger_id: str, action_ts: str) -> dict[str, Any]:
        """A global shortcut."""
        return {
            **self._envelope("shortcut", person, trigger_id),
            "callback_id": callback_id,
            "action_ts": action_ts,
        }

    def message_action(
        self,
        person: Person,
        callback_id: str,
        channel: Channel,
        message: dict[str, Any],
        *,
        trigger_id: str,
        action_ts: str,
        response_url: str,
    ) -> dict[str, Any]:
        """A message shortcut, with the whole message."""
        return {
            **self._envelope("message_action", person, trigger_id),
            "callback_id": callback_id,
            "action_ts": action_ts,
            "message_ts": message["ts"],
            "channel": {"id": channel.id, "name": channel_name(channel)},
            "message": message,
            "response_url": response_url,
        }

    def suggestion(
        self, person: Person, *, block_id: str, action_id: str, value: str, where: dict[str, Any]
    ) -> dict[str, Any]:
        """block_suggestion; `where` is `{view, container}` or `{message, channel, container}`."""
        return {
            **self._envelope("block_suggestion", person, None),
            "block_id": block_id,
            "action_id": action_id,
            "value": value,
            **where,
        }


def channel_name(channel: Channel) -> str:
    """The name that payloads carry."""
    return {"dm": "directmessage", "group_dm": "mpdm"}.get(channel.kind, channel.name)
