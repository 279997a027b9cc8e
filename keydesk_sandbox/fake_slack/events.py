"""Events: only what the manifest subscribes to and the scopes allow, with retries (slack.md A1-A3, G10)."""

from typing import Any

from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.deliveries import Deliveries, Sleep
from keydesk_sandbox.fake_slack.people import Person, UserGroup
from keydesk_sandbox.fake_slack.workspace import Channel

RETRY_AFTER = (0.0, 60.0, 300.0)
TOO_LATE = 2 * 60 * 60
HTTP_REASONS = {"timeout": "http_timeout", "unreachable": "connection_failed", "http_error": "http_error"}
SCOPES = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "app_mention": "app_mentions:read",
    "user_change": "users:read",
    "team_join": "users:read",
    "subteam_created": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "subteam_members_changed": "usergroups:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "channel_left": "channels:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "group_left": "groups:read",
    "group_archive": "groups:read",
    "group_unarchive": "groups:read",
}
MESSAGE_EVENTS = {"dm": "message.im", "group_dm": "message.mpim"}


class Events:
    """Builds event envelopes and delivers them."""

    def __init__(self, core: Core, deliveries: Deliveries, *, sleep: Sleep) -> None:
        self._core = core
        self._deliveries = deliveries
        self._sleep = sleep

    async def emit(
        self, subscription: str, event: dict[str, Any], *, channel: Channel | None = None
    ) -> AppAnswer | None:
        """Delivers one event and returns the first answer; None when the app does not get it.

        Retries run beside the caller. `subscription` is the manifest's name, as `message.im`.
        """
        envelope = self.envelope(subscription, event, channel=channel)
        if envelope is None:
            return None
        answer = await self._deliveries.send("events_api", envelope)
        if not answer.ok and self._core.switches.event_retries and "x-slack-no-retry" not in answer.headers:
            self._deliveries.spawn(self._retry(envelope, answer))
        return answer

    def emit_beside(self, subscription: str, event: dict[str, Any], *, channel: Channel | None = None) -> None:
        """Delivers an event that a Web API call caused, without holding that call up."""
        if self._wanted(subscription):
            self._deliveries.spawn(self.emit(subscription, event, channel=channel))

    def _wanted(self, subscription: str) -> bool:
        scope = SCOPES.get(subscription)
        return subscription in self._core.app.events and (scope is None or scope in self._core.app.scopes)

    def envelope(
        self, subscription: str, event: dict[str, Any], *, channel: Channel | None = None
    ) -> dict[str, Any] | None:
        """The envelope, or None when the app has not subscribed or is not in the channel."""
        app, team = self._core.app, self._core.workspace.team
        if not self._wanted(subscription):
            return None
        if subscription.startswith("message.") and channel is not None and app.bot_user_id not in channel.members:
            return None
        return {
            "token": "obsolete",
            "team_id": team.id,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": self._core.new_id("Ev"),
            "event_time": int(self._core.clock()),
            "authorizations": [
                {
                    "enterprise_id": team.enterprise_id,
                    "team_id": None if team.org_install else team.id,
                    "user_id": app.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": team.org_install,
                }
            ],
            "is_ext_shared_channel": channel is not None and channel.is_ext_shared,
        }

    async def _retry(self, envelope: dict[str, Any], answer: AppAnswer) -> None:
        for number, seconds in enumerate(RETRY_AFTER, 1):
            await self._sleep(seconds)
            if self._core.clock() - envelope["event_time"] > TOO_LATE:
                return
            reason = HTTP_REASONS.get(answer.failure or "", "unknown_error")
            answer = await self._deliveries.send("events_api", envelope, retry=number, reason=reason)
            if answer.ok or "x-slack-no-retry" in answer.headers:
                return

    async def hold_back(self) -> AppAnswer:
        """What Slack sends instead of events, once a minute, when there are too many of them."""
        return await self._deliveries.send(
            "events_api",
            {
                "token": "obsolete",
                "type": "app_rate_limited",
                "team_id": self._core.workspace.team.id,
                "minute_rate_limited": int(self._core.clock() // 60) * 60,
                "api_app_id": self._core.app.id,
            },
        )

    async def verify_url(self, challenge: str) -> AppAnswer:
        """The url_verification that Slack sends before the first event."""
        return await self._deliveries.send(
            "events_api", {"token": "obsolete", "challenge": challenge, "type": "url_verification"}
        )

    def message_subscription(self, channel: Channel) -> str:
        """The subscription under which that conversation's messages come."""
        return MESSAGE_EVENTS.get(channel.kind, "message.groups" if channel.is_private else "message.channels")

    def user_event(self, kind: str, person: Person) -> dict[str, Any]:
        """user_change or team_join."""
        with_email = "users:read.email" in self._core.app.scopes
        user = person.wire(with_email=with_email, with_locale=True)
        return {"type": kind, "user": user, "event_ts": self._core.new_ts(), "cache_ts": int(self._core.clock())}

    def group_updated(self, group: UserGroup) -> dict[str, Any]:
        """subteam_updated."""
        subteam = group.wire(self._core.workspace.team.id, with_users=True, with_count=True)
        return {"type": "subteam_updated", "subteam": subteam, "event_ts": self._core.new_ts()}
