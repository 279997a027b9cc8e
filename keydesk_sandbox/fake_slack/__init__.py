"""A stateful Slack for one app: Web API, signed HTTP and Socket Mode delivery, and a client for its people.

Enforces section G of the Slack contract. Imports nothing of the bot and speaks only wire: the bot reaches it by
HTTP, it reaches the bot by HTTP or a socket. Read `simulator.py` first, then `client_*.py` for people's side and
`web_api/` for the app's side.
"""

from keydesk_sandbox.fake_slack.answers import AppAnswer, SentPayload
from keydesk_sandbox.fake_slack.errors import ApiError, ClientRefusal, ConnectionDropped
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.people import Person, PersonKind, Team, UserGroup
from keydesk_sandbox.fake_slack.slack import FakeSlack
from keydesk_sandbox.fake_slack.views import View
from keydesk_sandbox.fake_slack.web_api import COVERAGE, ApiCall
from keydesk_sandbox.fake_slack.workspace import Channel, Workspace

__all__ = [
    "COVERAGE",
    "ApiCall",
    "ApiError",
    "AppAnswer",
    "Channel",
    "ClientRefusal",
    "ConnectionDropped",
    "FakeSlack",
    "Person",
    "PersonKind",
    "SentPayload",
    "SlackMessage",
    "Team",
    "UserGroup",
    "View",
    "Workspace",
]
