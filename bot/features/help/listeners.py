"""Help is made from the table of commands, so it cannot forget one. Asks nobody anything: it must always answer."""

from bot.deps import Deps
from bot.slack.blocks import Message, actions, button, code, context, section
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router


def message(router: Router) -> Message:
    """The help text with its buttons."""
    lines = [
        f"{code(f'{router.command_name} {entry.word} {entry.usage}'.rstrip())}  {entry.help}"
        for entry in router.help_entries()
    ]
    buttons = actions(
        button("Ask for a key", "key.create", style="primary"),
        button("My keys", "my_keys"),
        button("My requests", "my_requests"),
    )
    small = (
        "KEY is a key's number (`12` or `#12`) or its exact name. Where several keys may be meant, you choose. "
        "A key's value is shown in a window to its owner, never in a message."
    )
    intro = section("*Keydesk* gives out API keys of the LLM gateway. What would you like to do?")
    return Message("Keydesk: " + ", ".join(router.words()), [intro, buttons, section("\n".join(lines)), context(small)])


def register(router: Router, deps: Deps) -> None:
    """Register the command; its answer is drawn once, when every other command is registered."""
    del deps
    drawn: list[Ephemeral] = []

    async def answer(delivery: Delivery) -> Ack:
        del delivery
        if not drawn:
            drawn.append(Ephemeral.of(message(router), fixed=True))
        return drawn[0]

    router.command("help", answer, help="this page")
