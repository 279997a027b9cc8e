"""Help is made from the table of commands, so it cannot forget one. Asks nobody anything: it must always answer.

Drawn once for each language.
"""

from bot.deps import Deps
from bot.languages import current, tr, trc
from bot.slack.blocks import Message, actions, button, code, context, section
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router


def message(router: Router) -> Message:
    """The help text with its buttons."""
    lines = [
        trc(
            "a command and what it does",
            "{command}  {meaning}",
            command=code(f"{router.command_name} {entry.word} {entry.usage}".rstrip()),
            meaning=entry.help,
        )
        for entry in router.help_entries()
    ]
    buttons = actions(
        button(tr("Ask for a key"), "key.create", style="primary"),
        button(tr("My keys"), "my_keys"),
        button(tr("My requests"), "my_requests"),
    )
    small = tr(
        "KEY is a key's number (`12` or `#12`) or its exact name. Where several keys may be meant, you choose. "
        "A key's value is shown in a window to its owner, never in a message."
    )
    intro = section(tr("*Keydesk* gives out API keys of the LLM gateway. What would you like to do?"))
    return Message(
        tr("Keydesk: {commands}", commands=", ".join(router.words())),
        [intro, buttons, section("\n".join(lines)), context(small)],
    )


def register(router: Router, deps: Deps) -> None:
    """Register the command; its answer is drawn at the first use, when every other command is registered."""
    del deps
    drawn: dict[str, Ephemeral] = {}

    async def answer(delivery: Delivery) -> Ack:
        del delivery
        language = current().tag
        if language not in drawn:
            drawn[language] = Ephemeral.of(message(router), fixed=True)
        return drawn[language]

    router.command("help", answer, help=tr("this page"))
