"""The choice of a language on the Home: one's own for everything that Keydesk says to this person."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from bot.languages import languages, speaking, tr
from bot.slack.blocks import Block, option, section
from bot.slack.delivery import Ack, Delivery, text_of
from bot.slack.inputs import select
from bot.slack.person_languages import PersonLanguages

ACTION = "home.language"
_AS_IN_SLACK = "slack"


def language_block(chosen: str) -> Block:
    """The choice as it stands. `chosen`: a tag, "" for the language of Slack."""
    options = [
        option(tr("As in my Slack"), _AS_IN_SLACK),
        # Each in its own words, so that everybody finds theirs.
        *(option(one.name, one.tag) for one in languages().values()),
    ]
    initial = chosen if chosen in languages() else _AS_IN_SLACK
    return section(tr("Keydesk speaks to me in"), accessory=select(options, initial=initial, action_id=ACTION))


@dataclass(frozen=True)
class LanguageListener:
    """The choice. `redraw` draws the Home anew, in the language of the moment."""

    people: PersonLanguages
    redraw: Callable[[Delivery], Coroutine[Any, Any, None]]

    async def choose(self, delivery: Delivery) -> Ack:
        """Store the choice and show the Home in it."""
        tag = _chosen(delivery)
        if tag is None:
            return None
        await self.people.choose(delivery.user_id, tag)
        with speaking(await self.people.of(delivery)):
            delivery.responder.later(self.redraw(delivery), delivery=delivery)
        return None


def _chosen(delivery: Delivery) -> str | None:
    """The tag, "" for the language of Slack; None for what the Home does not offer."""
    actions = delivery.payload.get("actions")
    first = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    found = first.get("selected_option")
    value = text_of(found, "value") if isinstance(found, dict) else ""
    if value == _AS_IN_SLACK:
        return ""
    return value if value in languages() else None
