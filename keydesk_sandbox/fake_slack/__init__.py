"""A stateful Slack for one app: Web API, signed HTTP and Socket Mode delivery, and a client for its people.

Enforces section G of the Slack contract. Imports nothing of the bot and speaks only wire: the bot reaches it by
HTTP, it reaches the bot by HTTP or a socket. Read `simulator.py` first, then `client_*.py` for people's side and
`web_api/` for the app's side.
"""

from keydesk_sandbox.fake_slack.answers import Answer, Delivery
from keydesk_sandbox.fake_slack.errors import ClientRefusal, ConnectionDropped, SlackError
from keydesk_sandbox.fake_slack.messages import Message
from keydesk_sandbox.fake_slack.people import Kind, Person, Team, UserGroup
from keydesk_sandbox.fake_slack.slack import FakeSlack
from keydesk_sandbox.fake_slack.views import View
from keydesk_sandbox.fake_slack.web_api import COVERAGE, Call
from keydesk_sandbox.fake_slack.workspace import Channel, Workspace

__all__ = [
    "COVERAGE",
    "Answer",
    "Call",
    "Channel",
    "ClientRefusal",
    "ConnectionDropped",
    "Delivery",
    "FakeSlack",
    "Kind",
    "Message",
    "Person",
    "SlackError",
    "Team",
    "UserGroup",
    "View",
    "Workspace",
]
