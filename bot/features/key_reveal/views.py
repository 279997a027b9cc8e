"""The one view that holds a key's value. It exists in Slack's modal only and is never logged or stored."""

from typing import Any

from pydantic import SecretStr

from bot.operations import Description
from bot.slack.blocks import bold_name, context, modal, section

DESCRIPTION = Description(
    name="key.reveal",
    title="API key",
    help="the value of a key, shown to its owner in a window",
    button="Reveal",
    owner_only=True,
)
NAME = DESCRIPTION.name


def build_modal(value: SecretStr, *, name: str, key_id: int, times: int) -> dict[str, Any]:
    """The value in a block that can be copied, and how often it was shown.

    It stays a SecretStr: nothing else in a view passes the web client when it looks like a secret.
    """
    preformatted = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": value}]}],
    }
    shown = "shown for the first time" if times == 1 else f"shown {times:,} times so far"
    return modal(
        NAME,
        "API key",
        [
            section(f"The value of key {bold_name(name)}. Copy it now; Keydesk does not keep it."),
            preformatted,
            context(f"Key {key_id} · {shown} · every look is recorded · never paste it into a channel"),
        ],
        close="Close",
    )
