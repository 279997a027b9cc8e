"""What a person does in a channel: talks, runs commands, clicks, uses shortcuts (slack.md A3, D, G20, G21)."""

import re
from typing import Any

from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.client import NOT_SENT, Client, action_of, find_element, menu_choice
from keydesk_sandbox.fake_slack.contents import read_content
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.errors import ApiError, ClientRefusal
from keydesk_sandbox.fake_slack.messages import Author, SlackMessage
from keydesk_sandbox.fake_slack.people import Person
from keydesk_sandbox.fake_slack.views import Values, fresh_values, merged
from keydesk_sandbox.fake_slack.workspace import Channel


class Channels(Client):
    """Commands, messages, clicks on messages, shortcuts."""

    def __init__(self, core: Core, **books: Any) -> None:
        super().__init__(core, **books)
        self._message_values: dict[tuple[str, str, str], Values] = {}
        self._offered: dict[tuple[str, str], list[dict[str, Any]]] = {}

    async def say(
        self, user_id: str, channel_id: str, text: str, *, thread_ts: str | None = None
    ) -> SlackMessage | AppAnswer:
        """Writes a message; a text that begins with `/` is a command, and its AppAnswer comes back."""
        if text.startswith("/"):
            return await self.command(user_id, channel_id, text)
        person = self._person(user_id)
        channel = self._place(person, channel_id)
        if channel.is_archived:
            raise ClientRefusal("Nobody can write in an archived channel.")
        if channel.kind == "dm" and not self._core.app.messages_tab:
            raise ClientRefusal("Sending messages to this app has been turned off.")
        message = self._messages.add(
            SlackMessage(ts=self._core.new_ts(), channel=channel.id, text=text, user=person.id, thread_ts=thread_ts)
        )
        await self._tell(message, channel)
        if f"<@{self._core.app.bot_user_id}>" in text and channel.kind == "channel":
            await self._events.emit("app_mention", self._event(message) | {"type": "app_mention"}, channel=channel)
        return message

    def _event(self, message: SlackMessage) -> dict[str, Any]:
        wire = message.wire(team_id=self._core.workspace.team.id)
        author = self._core.workspace.people.get(message.user or "")
        if author is not None and author.team_id != self._core.workspace.team.id:
            # In a shared channel an event says where its author is at home.
            wire |= dict.fromkeys(("team", "user_team", "source_team"), author.team_id)
        return wire | {"channel": message.channel, "event_ts": message.ts}

    async def _tell(self, message: SlackMessage, channel: Channel) -> None:
        kind = {"dm": "im", "group_dm": "mpim"}.get(channel.kind, "group" if channel.is_private else "channel")
        event = self._event(message) | {"channel_type": kind}
        await self._events.emit(self._events.message_subscription(channel), event, channel=channel)

    async def post_as_app(
        self,
        channel_id: str,
        text: str = "",
        *,
        blocks: list[dict[str, Any]] | None = None,
        attachments: list[dict[str, Any]] | None = None,
        name: str = "Alerts",
        thread_ts: str | None = None,
    ) -> SlackMessage:
        """A message of another app, checked like ours. Raises ApiError."""
        channel = self._core.channel(channel_id)
        content = read_content({"text": text, "blocks": blocks, "attachments": attachments})
        author = Author(app_id="A0OTHER", bot_id="B0OTHER", user_id="U0OTHERBOT", name=name)
        message = self._messages.add(
            SlackMessage(
                ts=self._core.new_ts(),
                channel=channel.id,
                text=content.text or "",
                author=author,
                blocks=content.blocks or [],
                attachments=content.attachments or [],
                thread_ts=thread_ts,
            )
        )
        await self._tell(message, channel)
        return message

    async def command(self, user_id: str, channel_id: str, text: str) -> AppAnswer:
        """Runs a slash command, as `/apikey new`. Unregistered ones and outsiders get a notice; nothing is sent."""
        person = self._person(user_id)
        channel = self._place(person, channel_id)
        if channel.is_archived:
            raise ClientRefusal("Nobody can write in an archived channel.")
        word, _, rest = text.partition(" ")
        registered = self._core.app.commands.get(word)
        if registered is None or "commands" not in self._core.app.scopes:
            sentence = f"{word} is not a valid command. Messages that start with “/” are read as commands."
            self._core.notice(person.id, "unknown_command", sentence)
            return NOT_SENT
        if not self._may_run(person, word):
            return NOT_SENT
        rest = self._escaped(rest.strip()) if registered.should_escape else rest.strip()
        payload = self._payloads.command(
            person,
            channel,
            word,
            rest,
            trigger_id=self._triggers.issue(person.id),
            response_url=self._response_url(channel, person),
        )
        answer = await self._deliveries.send("slash_commands", payload)
        if not answer.ok:
            self._failed(person, word, answer)
            return answer
        return self._show(person, channel, text, answer)

    def _escaped(self, text: str) -> str:
        people = {person.name: person.id for person in self._core.workspace.people.values()}
        channels = {channel.name: channel.id for channel in self._core.workspace.channels.values() if channel.name}

        def mention(match: re.Match[str]) -> str:
            sign, name = match[1], match[2]
            known = (people if sign == "@" else channels).get(name)
            return f"<{sign}{known}|{name}>" if known else match[0]

        return re.sub(r"(?<!\S)([@#])([\w.-]+)", mention, text)

    def _show(self, person: Person, channel: Channel, typed: str, answer: AppAnswer) -> AppAnswer:
        body = answer.body
        if body is None:
            return answer
        content = body if isinstance(body, dict) else {"text": str(body)}
        try:
            if content.get("response_type") == "in_channel":
                read_content(content)
                typed_message = SlackMessage(
                    ts=self._core.new_ts(), channel=channel.id, text=typed, user=person.id, command_text=True
                )
                self._messages.add(typed_message)
            self._response_urls.answer(channel.id, person.id, content)
        except ApiError as error:
            return self._bad_answer(person, typed.partition(" ")[0], answer, error)
        return answer

    def _bad_answer(self, person: Person, what: str, answer: AppAnswer, error: ApiError) -> AppAnswer:
        bad = AppAnswer(
            status=answer.status,
            body=answer.body,
            seconds=answer.seconds,
            failure="bad_answer",
            headers=answer.headers,
            complaints={"": f"{error.code} {error.extra or ''}".strip()},
        )
        self._failed(person, what, bad)
        return bad

    async def click_message(
        self, user_id: str, message: SlackMessage, action_id: str, *, value: Any, block_id: str | None
    ) -> AppAnswer:
        """A click or a choice on a message; outsiders in a shared channel may."""
        person = self._person(user_id)
        channel = self._visible(person, message)
        blocks = [*message.blocks, *(block for entry in message.attachments for block in entry.get("blocks", []))]
        block, element = find_element(blocks, action_id, block_id=block_id, value=value)
        value = menu_choice(element, action_id) or value
        action = action_of(
            block, element, value, self._offered.get((person.id, message.ts), []), at=self._core.new_ts()
        )
        if not self._mine(message):
            raise ClientRefusal("That button belongs to another app.")
        if not self._interactive(person):
            return NOT_SENT
        payload = self._payloads.click_on_message(
            person,
            channel,
            self._body_of(message),
            action,
            is_ephemeral=message.ephemeral_to is not None,
            attachment_id=_attachment_of(message, block),
            values=self._typed(person, message, blocks, action),
            trigger_id=self._triggers.issue(person.id),
            response_url=self._response_url(channel, person, message),
        )
        answer = await self._deliveries.send("interactive", payload)
        if not answer.ok:
            self._failed(person, "That", answer)
        return answer

    def _mine(self, message: SlackMessage) -> bool:
        return message.author is not None and message.author.app_id == self._core.app.id

    def _body_of(self, message: SlackMessage) -> dict[str, Any]:
        return message.wire(team_id=self._core.workspace.team.id)

    def _typed(
        self,
        person: Person,
        message: SlackMessage,
        blocks: list[dict[str, Any]],
        action: dict[str, Any],
    ) -> Values:
        key = (person.id, message.channel, message.ts)
        values = merged(self._message_values.get(key, {}), fresh_values(blocks))
        old = values.get(action["block_id"], {}).get(action["action_id"])
        if old is not None:
            values[action["block_id"]][action["action_id"]] = {name: action[name] for name in old}
        self._message_values[key] = values
        return values

    async def shortcut(
        self, user_id: str, callback_id: str, *, channel_id: str | None = None, ts: str | None = None
    ) -> AppAnswer:
        """A global shortcut, or with channel and ts a message shortcut on that message."""
        person = self._person(user_id)
        registered = self._core.app.shortcuts.get(callback_id)
        on_message = channel_id is not None or ts is not None
        if registered is None or (registered.type == "message") is not on_message:
            raise ClientRefusal(f"There is no such shortcut: {callback_id}.")
        if not self._may_run(person, registered.name) or not self._interactive(person):
            return NOT_SENT
        trigger_id, at = self._triggers.issue(person.id), self._core.new_ts()
        if channel_id is not None and ts is not None:
            channel = self._place(person, channel_id)
            message = self._messages.find(channel.id, ts)
            if message is None:
                raise ClientRefusal("That message is not there any more.")
            payload = self._payloads.message_action(
                person,
                callback_id,
                channel,
                self._body_of(message),
                trigger_id=trigger_id,
                action_ts=at,
                response_url=self._response_url(channel, person, message),
            )
        else:
            payload = self._payloads.shortcut(person, callback_id, trigger_id=trigger_id, action_ts=at)
        answer = await self._deliveries.send("interactive", payload)
        if not answer.ok:
            self._failed(person, registered.name, answer)
        return answer


def _attachment_of(message: SlackMessage, block: dict[str, Any]) -> int | None:
    """The id of the attachment that holds the block; None when the message itself does."""
    for attachment in message.attachments:
        if block in attachment.get("blocks", []):
            return int(attachment["id"])
    return None
