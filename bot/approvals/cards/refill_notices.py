"""The word to the owner of a key whose refill failed, or whose outcome a person must find out. Knows no clients."""

from bot.approvals.models import ApprovalRequest, Status
from bot.languages import tr
from bot.slack.blocks import Message, actions, bold_name, button, context, harmless, section


def refill_notice(request: ApprovalRequest) -> Message:
    """What failed, why, and the form of the allowance."""
    name = bold_name(request.key_name)
    if request.status is Status.FAILED:
        sentence = tr(
            ":x: Key {name} was not refilled by its allowance. It is tried again once a day, without another message.",
            name=name,
        )
    else:
        sentence = tr(":question: It is not known whether key {name} was refilled. A person must look.", name=name)
    why = request.outcome.sentence if request.outcome is not None else ""
    blocks = [section(sentence), *([section(harmless(why))] if why else [])]
    blocks.append(actions(button(tr("Allowance"), "key.allowance", value=str(request.key_id))))
    blocks.append(context(tr("Request {number}", number=request.number)))
    return Message(sentence, blocks)
