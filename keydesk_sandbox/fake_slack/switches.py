"""The switches of this Slack: what can be made to go wrong on purpose. Plain values, set by tests and the page."""

from dataclasses import dataclass
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
    """

    duplicate: Duplicate = "off"
    signature: Signature = "right"
    event_retries: bool = True
    down: Down = "up"
    token: Literal["valid", "token_revoked", "account_inactive"] = "valid"  # noqa: S105 - a state, not a token
    plan: Literal["paid", "free"] = "paid"
    edit_window_open: bool = True
