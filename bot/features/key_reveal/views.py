"""The one view that holds a key's value. It exists in Slack's modal only and is never logged or stored."""

from typing import Any

from pydantic import SecretStr

from bot.gateway.numbers import shown_number
from bot.languages import tr, trc, trn
from bot.operations import Description
from bot.slack.blocks import Block, bold_name, code, context, modal, section

DESCRIPTION = Description(
    name="key.reveal",
    title=tr("API key"),
    help=tr("the value of a key, shown to its owner in a window"),
    button=trc("button", "Reveal"),
    owner_only=True,
)
NAME = DESCRIPTION.name
# Both read the two names above, so that the value stands in no file and in no history of commands.
_CURL = 'curl "$OPENAI_BASE_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"'
_PYTHON = "from openai import OpenAI\nprint(OpenAI().models.list())"


def build_modal(
    value: SecretStr, *, name: str, key_id: int, times: int, gateway_url: str, trouble: str = ""
) -> dict[str, Any]:
    """The value in a block that can be copied, how it is used, and how often it was shown.

    It stays a SecretStr: nothing else in a view passes the web client when it looks like a secret. `trouble`: of the
    account behind the key.
    """
    base_url = f"{gateway_url}/v1"
    shown = (
        tr("shown for the first time")
        if times == 1
        else trn("shown {count} time so far", "shown {count} times so far", times)
    )
    number, recorded, never = (
        tr("Key {number}", number=shown_number(key_id)),
        tr("every look is recorded"),
        tr("never paste it into a channel"),
    )
    return modal(
        NAME,
        tr("API key"),
        [
            section(
                tr(
                    "The value of key {name}. Keydesk stores no copy; it is fetched from the gateway each time.",
                    name=bold_name(name),
                )
            ),
            _preformatted(value),
            *([section(trouble)] if trouble else []),
            section(
                tr("Base URL: {url}. In a shell, and for libraries that read these two names:", url=code(base_url))
            ),
            _preformatted(f"export OPENAI_BASE_URL={base_url}\nexport OPENAI_API_KEY=", value),
            section(tr("Then it works with curl, and with Python:")),
            _preformatted(_CURL),
            _preformatted(_PYTHON),
            context(
                f"{number} · {shown} · {recorded} · {never}",
                tr(
                    "You, and nobody else, can reveal it again: `/apikey list`, the Home, or the message about the key."
                ),
            ),
        ],
        close=tr("Close"),
    )


def _preformatted(*texts: str | SecretStr) -> Block:
    elements = [{"type": "text", "text": text} for text in texts]
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": elements}]}
