"""What every action of a person in their client begins with: who they are, where they are, what they see.

The actions themselves: client_channels.py (commands, messages, shortcuts), client_views.py (modals, Home).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.blocks import elements_of
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.deliveries import Deliveries
from keydesk_sandbox.fake_slack.errors import ClientRefusal
from keydesk_sandbox.fake_slack.events import Events
from keydesk_sandbox.fake_slack.messages import MessageBook, SlackMessage
from keydesk_sandbox.fake_slack.payloads import Payloads
from keydesk_sandbox.fake_slack.people import Person, PersonKind
from keydesk_sandbox.fake_slack.response_urls import ResponseUrls
from keydesk_sandbox.fake_slack.state_values import chosen_value, initial_value, stateful_elements
from keydesk_sandbox.fake_slack.triggers import TriggerBook
from keydesk_sandbox.fake_slack.views import ViewBook
from keydesk_sandbox.fake_slack.workspace import Channel

TROUBLE = "We had some trouble connecting. Try again?"
NOT_SENT = AppAnswer(status=None, failure="not_sent")


class Client:
    """The Slack client of everybody; the other client files build on it."""

    def __init__(
        self,
        core: Core,
        *,
        messages: MessageBook,
        views: ViewBook,
        triggers: TriggerBook,
        response_urls: ResponseUrls,
        deliveries: Deliveries,
        events: Events,
        base_url: Callable[[], str],
    ) -> None:
        self._core = core
        self._messages = messages
        self._views = views
        self._triggers = triggers
        self._response_urls = response_urls
        self._deliveries = deliveries
        self._events = events
        self._payloads = Payloads(core, views)
        self._base_url = base_url

    def _person(self, user_id: str) -> Person:
        """Somebody who can sit before a client. Raises ClientRefusal for bots and the deactivated."""
        person = self._core.person(user_id)
        if person.kind in {PersonKind.BOT, PersonKind.DEACTIVATED, PersonKind.INVITED}:
            raise ClientRefusal(f"{person.name} ({person.kind}) cannot sign in.")
        return person

    def _place(self, person: Person, channel_id: str) -> Channel:
        """A conversation the person is in. Raises ClientRefusal."""
        channel = self._core.workspace.channels.get(channel_id)
        if channel is None or person.id not in channel.members:
            raise ClientRefusal(f"{person.name} is not in {channel_id}.")
        return channel

    def _visible(self, person: Person, message: SlackMessage) -> Channel:
        """Where that message is, if the person sees it. Raises ClientRefusal."""
        channel = self._place(person, message.channel)
        if message not in self._messages.in_channel(channel.id, viewer=person.id):
            raise ClientRefusal("That message is not there any more, or is somebody else's.")
        return channel

    def _response_url(self, channel: Channel, person: Person, source: SlackMessage | None = None) -> str:
        url_id = self._response_urls.issue(channel=channel.id, user_id=person.id, source=source)
        return f"{self._base_url()}/response/{url_id}"

    def _interactive(self, person: Person) -> bool:
        """Whether the app takes clicks at all; says so to the person if not."""
        if not self._core.app.interactivity:
            text = "This app is not configured to handle interactive responses."
            self._core.notice(person.id, "interactivity_off", text)
        return self._core.app.interactivity

    def _may_run(self, person: Person, what: str) -> bool:
        """Whether the person may use commands and shortcuts: members of this workspace only (slack.md D)."""
        if person.is_outside:
            self._core.notice(person.id, "not_allowed", f"{what} can't be used by people outside this workspace.")
        return not person.is_outside

    def _failed(self, person: Person, what: str, answer: AppAnswer) -> None:
        """Shows what Slack shows after a missing ack."""
        code = "operation_timeout" if answer.failure == "timeout" else "dispatch_failed"
        self._core.notice(person.id, code, f"{what} failed with the error “{code}”")


Found = tuple[dict[str, Any], dict[str, Any]]


def find_element(blocks: list[dict[str, Any]], action_id: str, *, block_id: str | None, value: Any = None) -> Found:
    """The block and the element a person means. Raises ClientRefusal for none or several.

    Several buttons may share an action_id across blocks: then `block_id`, or the button's `value`, picks one.
    """
    found = [
        (block, element)
        for block in inner_blocks(blocks)
        for element, _ in elements_of(block)
        if element.get("action_id") == action_id and block_id in {None, block["block_id"]}
    ]
    if len(found) > 1 and value is not None:
        found = [entry for entry in found if entry[1].get("value") == value]
    if not found:
        # A choice from a menu is named by the word before the colon of its value.
        found = [
            (block, element)
            for block in inner_blocks(blocks)
            for element, _ in elements_of(block)
            if element["type"] == "overflow" and menu_choice(element, action_id) is not None
        ]
    if len(found) != 1:
        raise ClientRefusal(f"There are {len(found)} elements {action_id!r} to choose from here.")
    return found[0]


def menu_choice(element: Mapping[str, Any], word: str) -> str | None:
    """The value of the option `word:…` of an overflow menu, None when there is none."""
    values = (str(entry.get("value", "")) for entry in element.get("options", []))
    return next((value for value in values if value.partition(":")[0] == word), None)


def inner_blocks(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All blocks, with those inside containers in place of the container."""
    for block in blocks:
        if block["type"] == "container":
            yield from inner_blocks(block["child_blocks"])
        else:
            yield block


def action_of(
    block: Mapping[str, Any], element: Mapping[str, Any], given: Any, offered: list[dict[str, Any]], *, at: str
) -> dict[str, Any]:
    """The entry of `actions` for one click or choice. Raises ClientRefusal for a choice that isn't offered."""
    action: dict[str, Any] = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": at,
    }
    if element["type"] == "overflow":
        chosen = [entry for entry in element["options"] if entry["value"] == given]
        if not chosen:
            raise ClientRefusal(f"There is no option {given!r} in {element['action_id']}.")
        return {**action, "selected_option": chosen[0]}
    if any(one["action_id"] == element["action_id"] for one in stateful_elements(block)):
        before = initial_value(element)
        after = chosen_value(element, given, offered)
        extra = {f"initial_{name.removeprefix('selected_')}": entry for name, entry in before.items() if name != "type"}
        shown = {name: entry for name, entry in extra.items() if entry and name.startswith("initial_")}
        return {**action, **shown, **after}
    copied = {name: element[name] for name in ("text", "value", "style", "url", "icon") if name in element}
    return {**action, **copied}
