"""FakeSlack: the simulator with its routes, as tests and the sandbox use it."""

from functools import cached_property

from starlette.types import ASGIApp

from keydesk_sandbox.fake_slack.asgi import build_app
from keydesk_sandbox.fake_slack.simulator import SlackSimulator


class FakeSlack(SlackSimulator):
    """A workspace that the app reaches by HTTP: serve `app` on loopback and set `base_url` to its address."""

    @cached_property
    def app(self) -> ASGIApp:
        """Web API, response_urls, Socket Mode and the page's API as one ASGI application."""
        return build_app(self)
