"""Modals and Home tabs: stacks, hashes, kept input (slack.md A4, G8). Knows no HTTP and no delivery."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keydesk_sandbox.fake_slack.blocks import Surface, normalise, view_problems, view_too_large
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.errors import ApiError, InvalidArguments
from keydesk_sandbox.fake_slack.state_values import Value, initial_value, stateful_elements

STACK = 3
Values = dict[str, dict[str, Value]]


@dataclass(kw_only=True)
class View:
    """One open modal or one published Home tab, with what its person has typed."""

    id: str
    user_id: str
    body: dict[str, Any]
    hash: str
    values: Values
    root_view_id: str
    previous_view_id: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    banner: str | None = None
    busy: bool = False
    offered: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    response_channel: str | None = None

    @property
    def surface(self) -> Surface:
        """`modal` or `home`."""
        return "home" if self.body["type"] == "home" else "modal"

    @property
    def title(self) -> str:
        """The title's text; empty for Home."""
        return str(self.body.get("title", {}).get("text", ""))

    def block(self, block_id: str) -> dict[str, Any] | None:
        """The block with that id."""
        for block in self.body["blocks"]:
            if block.get("block_id") == block_id:
                return dict(block)
        return None


class ViewBook:
    """All open modals and all Homes. Callers have checked the trigger; views.* checks everything else here."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}
        self._tick = 0

    def stack(self, user_id: str) -> list[View]:
        """The open modals of that person, bottom first."""
        return list(self._stacks.get(user_id, []))

    def home(self, user_id: str) -> View | None:
        """What the app published on that person's Home tab."""
        return self._homes.get(user_id)

    def open_view(self, view_id: str) -> View | None:
        """An open modal or a Home by its id."""
        for view in self._all():
            if view.id == view_id:
                return view
        return None

    def _all(self) -> list[View]:
        return [*self._homes.values(), *(view for stack in self._stacks.values() for view in stack)]

    def open(self, user_id: str, body: Any) -> View:
        """Opens a new stack; a stack already there is replaced. Raises ApiError."""
        checked = self._checked(body, "modal", None)
        view = self._new(user_id, checked)
        self._stacks[user_id] = [view]
        self._core.changed()
        return view

    def push(self, user_id: str, body: Any, *, on: str) -> View:
        """Puts a view on the stack in which the view `on` is. Raises ApiError."""
        checked = self._checked(body, "modal", None)
        stack = self._stacks.get(user_id, [])
        if not any(view.id == on for view in stack):
            raise ApiError("not_found")
        if len(stack) >= STACK:
            raise ApiError("push_limit_reached")
        view = self._new(user_id, checked)
        view.root_view_id = stack[0].id
        view.previous_view_id = stack[-1].id
        stack.append(view)
        self._core.changed()
        return view

    def update(self, view: View, body: Any, *, hash_seen: str | None) -> View:
        """Replaces a view's content; what was typed stays where block_id and action_id stay. Raises ApiError."""
        if hash_seen and hash_seen != view.hash:
            raise ApiError("hash_conflict")
        checked = self._checked(body, view.surface, view)
        view.body = checked
        view.values = merged(view.values, fresh_values(checked["blocks"]))
        view.hash = self._hash()
        view.errors = {}
        view.banner = None
        self._core.changed()
        return view

    def find(self, *, view_id: str | None, external_id: str | None) -> View:
        """The view that views.update means. Raises not_found, or invalid_arguments unless exactly one is given."""
        if view_id and external_id:
            raise InvalidArguments("Cannot provide both `view_id` and `external_id`")
        if not view_id and not external_id:
            raise InvalidArguments("Must provide either `view_id` or `external_id`")
        for view in self._all():
            if (view_id and view.id == view_id) or (external_id and view.body.get("external_id") == external_id):
                return view
        raise ApiError("not_found")

    def publish(self, user_id: str, body: Any, *, hash_seen: str | None) -> View:
        """Publishes a Home tab. Raises ApiError."""
        old = self._homes.get(user_id)
        if old is not None:
            return self.update(old, body, hash_seen=hash_seen)
        view = self._new(user_id, self._checked(body, "home", None))
        self._homes[user_id] = view
        self._core.changed()
        return view

    def close(self, view: View) -> None:
        """Takes one view off its stack, and the ones above it."""
        stack = self._stacks.get(view.user_id, [])
        if view in stack:
            del stack[stack.index(view) :]
        self._core.changed()

    def clear(self, user_id: str) -> list[View]:
        """Closes the whole stack of that person; returns it, bottom first."""
        closed = self._stacks.pop(user_id, [])
        self._core.changed()
        return closed

    def _checked(self, body: Any, surface: Surface, replacing: View | None) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise InvalidArguments("must provide an object [json-pointer:/view]")
        if view_too_large(body):
            raise ApiError("view_too_large")
        problems = view_problems(body, surface)
        if problems:
            raise InvalidArguments(*(str(problem) for problem in problems))
        external_id = body.get("external_id")
        if external_id and any(v.body.get("external_id") == external_id for v in self._all() if v is not replacing):
            raise ApiError("duplicate_external_id")
        return {**body, "blocks": normalise(body["blocks"])}

    def _new(self, user_id: str, body: dict[str, Any]) -> View:
        view_id = self._core.new_id("V")
        return View(
            id=view_id,
            user_id=user_id,
            body=body,
            hash=self._hash(),
            values=fresh_values(body["blocks"]),
            root_view_id=view_id,
        )

    def _hash(self) -> str:
        self._tick += 1
        return f"{int(self._core.clock())}.{self._tick:04d}{secrets.token_hex(2)}"

    def wire(self, view: View, *, with_values: bool = True, without_inputs: bool = False) -> dict[str, Any]:
        """The view object of answers and payloads. `without_inputs` is for view_closed."""
        body = view.body
        values = view.values if with_values else {}
        if without_inputs:
            inputs = {block["block_id"] for block in body["blocks"] if block["type"] == "input"}
            values = {block_id: actions for block_id, actions in values.items() if block_id not in inputs}
        return {
            "id": view.id,
            "team_id": self._core.workspace.team.id,
            "type": body["type"],
            "blocks": body["blocks"],
            "private_metadata": body.get("private_metadata", ""),
            "callback_id": body.get("callback_id", ""),
            "state": {"values": values},
            "hash": view.hash,
            "title": body.get("title"),
            "clear_on_close": body.get("clear_on_close", False),
            "notify_on_close": body.get("notify_on_close", False),
            "close": body.get("close"),
            "submit": body.get("submit"),
            "previous_view_id": view.previous_view_id,
            "root_view_id": view.root_view_id,
            "app_id": self._core.app.id,
            "external_id": body.get("external_id", ""),
            "app_installed_team_id": self._core.workspace.team.installed_in,
            "bot_id": self._core.app.bot_id,
        }


def fresh_values(blocks: list[dict[str, Any]]) -> Values:
    """The state of untouched blocks."""
    values: Values = {}
    for block in blocks:
        for element in stateful_elements(block):
            values.setdefault(block["block_id"], {})[element["action_id"]] = initial_value(element)
    return values


def merged(old: Mapping[str, Mapping[str, Value]], fresh: Values) -> Values:
    """The fresh state, with the old value wherever block_id, action_id and type stayed the same."""
    for block_id, actions in fresh.items():
        for action_id, value in actions.items():
            kept = old.get(block_id, {}).get(action_id)
            if kept is not None and kept["type"] == value["type"]:
                actions[action_id] = kept
    return fresh
