"""What a person does in a modal or on the Home tab: types, clicks, submits, closes (slack.md A3, A4, G7, G8, G20)."""

import dataclasses
from typing import Any

from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.client import NOT_SENT, TROUBLE, action_of, find_element, menu_choice
from keydesk_sandbox.fake_slack.client_answers import BadAnswer, apply_submission, read_options
from keydesk_sandbox.fake_slack.client_channels import Channels
from keydesk_sandbox.fake_slack.errors import ClientRefusal
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.people import Person
from keydesk_sandbox.fake_slack.state_values import chosen_value, complaint, plain_value, stateful_elements
from keydesk_sandbox.fake_slack.views import View

DEFAULT_QUERY_LENGTH = 3
EXTERNAL = frozenset({"external_select", "multi_external_select"})


class ViewActions(Channels):
    """Modals, Home, options of external selects."""

    def _seen(self, person: Person, view: View, *, on_top: bool) -> None:
        stack = self._views.stack(person.id)
        if view is self._views.home(person.id):
            return
        if view not in stack:
            raise ClientRefusal("That modal is not open any more, or is somebody else's.")
        if on_top and view is not stack[-1]:
            raise ClientRefusal("Another view lies on top of that one.")

    async def click_view(
        self, user_id: str, view: View, action_id: str, *, value: Any, block_id: str | None
    ) -> AppAnswer:
        """A click or a choice in a modal or on Home; choices in input blocks go through type_in."""
        person = self._person(user_id)
        self._seen(person, view, on_top=True)
        block, element = find_element(view.body["blocks"], action_id, block_id=block_id, value=value)
        value = menu_choice(element, action_id) or value
        if block["type"] == "input":
            return await self.type_in(user_id, view, block["block_id"], value, action_id=action_id)
        offered = view.offered.get((block["block_id"], action_id), [])
        action = action_of(block, element, value, offered, at=self._core.new_ts())
        if any(one["action_id"] == action_id for one in stateful_elements(block)):
            view.values[block["block_id"]][action_id] = chosen_value(element, value, offered)
            self._core.changed()
        return await self._act(person, view, action)

    async def _act(self, person: Person, view: View, action: dict[str, Any]) -> AppAnswer:
        if not self._interactive(person):
            return NOT_SENT
        view.banner = None
        trigger_id = self._triggers.issue(person.id, view_id=view.id if view.surface == "modal" else None)
        answer = await self._deliveries.send(
            "interactive", self._payloads.click_on_view(person, view, action, trigger_id=trigger_id)
        )
        if not answer.ok:
            if view.surface == "modal":
                view.banner = TROUBLE
                self._core.changed()
            else:
                self._failed(person, "That", answer)
        return answer

    async def type_in(
        self,
        user_id: str,
        view: View,
        block_id: str,
        value: Any,
        *,
        action_id: str | None = None,
        dispatch: bool = True,
    ) -> AppAnswer:
        """Types or chooses in an input block; sends block_actions only where the block dispatches.

        `dispatch` False: the text stands in its field, but Enter was not pressed.
        """
        person = self._person(user_id)
        self._seen(person, view, on_top=True)
        block = view.block(block_id)
        elements = [one for one in stateful_elements(block or {}) if action_id in {None, one["action_id"]}]
        if block is None or not elements:
            raise ClientRefusal(f"There is nothing to fill in under {block_id!r}.")
        element = elements[0]
        if block["type"] != "input":
            return await self.click_view(user_id, view, element["action_id"], value=value, block_id=block_id)
        offered = view.offered.get((block_id, element["action_id"]), [])
        chosen = chosen_value(element, value, offered)
        view.values[block_id][element["action_id"]] = chosen
        view.errors.pop(block_id, None)
        self._core.changed()
        if not (dispatch and block.get("dispatch_action")):
            return AppAnswer(status=None)
        return await self._act(person, view, action_of(block, element, value, offered, at=self._core.new_ts()))

    async def submit(self, user_id: str, view: View) -> AppAnswer:
        """Presses the submit button. The client's own complaints come first, then the app's answer is done."""
        person = self._person(user_id)
        self._seen(person, view, on_top=True)
        if "submit" not in view.body:
            raise ClientRefusal("That modal has no submit button.")
        complaints = self._complaints(view)
        view.errors = complaints
        view.banner = None
        if complaints:
            self._core.changed()
            return dataclasses.replace(NOT_SENT, complaints=complaints)
        view.busy = True
        self._core.changed()
        trigger_id = self._triggers.issue(person.id, view_id=view.id)
        payload = self._payloads.submission(
            person, view, trigger_id=trigger_id, response_urls=self._submission_urls(person, view)
        )
        try:
            answer = await self._deliveries.send("interactive", payload)
        finally:
            view.busy = False
        return self._answered(view, answer)

    def _answered(self, view: View, answer: AppAnswer) -> AppAnswer:
        if answer.ok:
            try:
                if self._views.open_view(view.id) is not None:
                    apply_submission(self._views, view, answer.body)
            except BadAnswer as bad:
                answer = dataclasses.replace(answer, failure="bad_answer", complaints={"": str(bad)})
        if not answer.ok:
            view.banner = TROUBLE
        self._core.changed()
        return answer

    @staticmethod
    def _complaints(view: View) -> dict[str, str]:
        complaints = {}
        for block in view.body["blocks"]:
            if block["type"] != "input":
                continue
            for element in stateful_elements(block):
                value = view.values[block["block_id"]][element["action_id"]]
                text = complaint(element, value, optional=block.get("optional", False))
                if text is not None:
                    complaints[block["block_id"]] = text
        return complaints

    def _submission_urls(self, person: Person, view: View) -> list[dict[str, str]]:
        urls = []
        for block in view.body["blocks"]:
            for element in stateful_elements(block):
                value = view.values[block["block_id"]][element["action_id"]]
                channel_id = plain_value(value) if element.get("response_url_enabled") else None
                if block["type"] == "input" and isinstance(channel_id, str):
                    channel = self._place(person, channel_id)
                    urls.append(
                        {
                            "block_id": block["block_id"],
                            "action_id": element["action_id"],
                            "channel_id": channel.id,
                            "response_url": self._response_url(channel, person),
                        }
                    )
        return urls

    async def close(self, user_id: str, view: View, *, clear: bool = False) -> AppAnswer | None:
        """Presses close, or with `clear` the x that closes the whole stack. None: the app is not told."""
        person = self._person(user_id)
        self._seen(person, view, on_top=not clear)
        stack = self._views.stack(person.id)
        if view not in stack:
            raise ClientRefusal("The Home tab cannot be closed.")
        cleared = clear or bool(view.body.get("clear_on_close"))
        told = stack[0] if cleared else view
        payload = self._payloads.closed(person, told, is_cleared=cleared)
        if cleared:
            self._views.clear(person.id)
        else:
            self._views.close(view)
        if not told.body.get("notify_on_close"):
            return None
        return await self._deliveries.send("interactive", payload)

    async def options(
        self, user_id: str, where: View | SlackMessage, block_id: str, text: str, *, action_id: str | None = None
    ) -> AppAnswer:
        """Types into an external select; the answer's options can be chosen afterwards."""
        person = self._person(user_id)
        if isinstance(where, View):
            self._seen(person, where, on_top=True)
            blocks, scope = where.body["blocks"], self._view_scope(where)
        else:
            blocks, scope = where.blocks, self._message_scope(person, where)
        block = next((one for one in blocks if one["block_id"] == block_id), None)
        elements = [
            one
            for one in stateful_elements(block or {})
            if one["type"] in EXTERNAL and action_id in {None, one["action_id"]}
        ]
        if not elements:
            raise ClientRefusal(f"There is no external select under {block_id!r}.")
        element = elements[0]
        if len(text) < element.get("min_query_length", DEFAULT_QUERY_LENGTH):
            return NOT_SENT
        payload = self._payloads.suggestion(
            person, block_id=block_id, action_id=element["action_id"], value=text, where=scope
        )
        answer = await self._deliveries.send("interactive", payload)
        if not answer.ok:
            return answer
        try:
            offered = read_options(answer.body)
        except BadAnswer as bad:
            return dataclasses.replace(answer, failure="bad_answer", complaints={"": str(bad)})
        if isinstance(where, View):
            where.offered.setdefault((block_id, element["action_id"]), []).extend(offered)
        else:
            self._offered.setdefault((person.id, where.ts), []).extend(offered)
        return answer

    def _view_scope(self, view: View) -> dict[str, Any]:
        return {"container": {"type": "view", "view_id": view.id}, "view": self._views.wire(view)}

    def _message_scope(self, person: Person, message: SlackMessage) -> dict[str, Any]:
        channel = self._visible(person, message)
        return {
            "container": {"type": "message", "message_ts": message.ts, "channel_id": channel.id},
            "channel": {"id": channel.id, "name": channel.name},
            "message": self._body_of(message),
        }

    async def open_home(self, user_id: str, *, tab: str = "home") -> AppAnswer | None:
        """Opens the app's Home (or `messages`) tab. None: the app is not told."""
        person = self._person(user_id)
        if person.is_outside:
            raise ClientRefusal("People outside this workspace have no Home tab of this app.")
        if tab == "home" and not self._core.app.home_tab:
            raise ClientRefusal("This app has no Home tab.")
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self._core.dm_with(person.id).id,
            "tab": tab,
            "event_ts": self._core.new_ts(),
        }
        published = self._views.home(person.id)
        if published is not None and tab == "home":
            event["view"] = self._views.wire(published)
        return await self._events.emit("app_home_opened", event)
