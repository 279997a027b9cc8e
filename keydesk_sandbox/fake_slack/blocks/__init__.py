"""Block Kit as Slack judges it: a schema language, objects, elements, blocks, surfaces. Knows no state."""

from keydesk_sandbox.fake_slack.blocks.normal import normalise
from keydesk_sandbox.fake_slack.blocks.objects import options_of
from keydesk_sandbox.fake_slack.blocks.schema import BlockProblem
from keydesk_sandbox.fake_slack.blocks.surfaces import (
    Surface,
    blocks_problems,
    elements_of,
    message_problems,
    message_too_long,
    view_problems,
    view_too_large,
)

__all__ = [
    "BlockProblem",
    "Surface",
    "blocks_problems",
    "elements_of",
    "message_problems",
    "message_too_long",
    "normalise",
    "options_of",
    "view_problems",
    "view_too_large",
]
