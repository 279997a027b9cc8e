"""What is said to whoever gets a key that others had before."""

from bot.approvals.models import ApprovalRequest
from bot.languages import tr, trc
from bot.slack.blocks import Block, actions, button, section


def given_blocks(request: ApprovalRequest) -> list[Block]:
    """What somebody should know who gets a key that was in use before, with the button for a new value."""
    known = tr("Whoever had the key before may know its value. *Rotate* makes a new one, and the old one ends.")
    rotate = button(trc("button", "Rotate"), "key.rotate", value=str(request.key_id))
    return [section(known), actions(rotate)]
