"""The switches of this Slack: what can be made to go wrong on purpose. Plain values, set by tests and the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Duplicate = Literal["off", "at_once", "later"]
Signature = Literal["right", "wrong", "missing", "old"]
Down = Literal["up", "503", "refused"]


@dataclass(kw_only=True)
class SlackSwitches:
    """Everything is well by default.

    `duplicate`: each payload is sent twice, at once or by `deliver_duplicates()`.
    `signature`: how HTTP deliveries are signed; `old` is six minutes ago.
    `event_retries`: whether a failed event is sent again after the times of slack.md A1.
    `down`: every Web API call gets 503, or its connection is dropped.
    `token`: what the Web API thinks of the bot token: `valid`, `token_revoked`, `account_inactive`.
    `plan`: `paid`, or `free`, where user groups answer `plan_upgrade_required`.
    `edit_window_open`: False makes `chat.update` answer `edit_window_closed`.

    Refusals that last until they are taken back, each with Slack's word:
    `refused_methods`: a Web API method → its answer, whatever it is called with.
    `refused_channels`: a channel id → `is_archived`, `restricted_action`, `not_in_channel` (nothing can be posted), or
    `channel_not_found` (the app does not know it at all).
    `refused_people`: a person's id → `messages_tab_disabled`, `cannot_dm_bot`, `user_disabled` (no DM), or
    `user_not_found` (not in `users.info` either).
    `refused_blocks`: types of blocks that this workspace does not take yet: `invalid_blocks` in messages,
    `invalid_arguments` in views.
    """

    duplicate: Duplicate = "off"
    signature: Signature = "right"
    event_retries: bool = True
    down: Down = "up"
    token: Literal["valid", "token_revoked", "account_inactive"] = "valid"  # noqa: S105 - a state, not a token
    plan: Literal["paid", "free"] = "paid"
    edit_window_open: bool = True
    refused_methods: Mapping[str, str] = field(default_factory=dict)
    refused_channels: Mapping[str, str] = field(default_factory=dict)
    refused_people: Mapping[str, str] = field(default_factory=dict)
    refused_blocks: frozenset[str] = frozenset()
