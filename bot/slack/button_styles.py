"""What destroys is red or plain, never green: a green button is one that people are invited to click. Pure.

Slack draws the last button of a confirmation green unless it is told otherwise, so that one is made red here too.
"""

from collections.abc import Mapping
from typing import Any

DESTRUCTIVE = frozenset(
    {
        "deny",
        "disable",
        "disable_copy",
        "key.delete",
        "key.disable",
        "key.disable_now",
        "key.end",
        "leavers.confirm",
        "review.disable",
        "stop_batch",
    }
)
"""Action ids of all buttons that put a key out of use, refuse a request or stop what is under way."""


def styled(button: Mapping[str, Any]) -> dict[str, Any]:
    """The button as it may be shown. Raises ValueError where one that destroys is green."""
    if button["action_id"] not in DESTRUCTIVE:
        return dict(button)
    if button.get("style") == "primary":
        raise ValueError(f"{button['action_id']} destroys, so it is no green button")
    if "confirm" not in button:
        return dict(button)
    return {**button, "confirm": {**button["confirm"], "style": "danger"}}
