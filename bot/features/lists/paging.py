"""What leads from one page of a list to another: buttons, and menus whose options hold what is looked for. Pure."""

from collections.abc import Callable, Sequence

from bot.languages import tr
from bot.slack.blocks import OPTION_VALUE_LIMIT, Block, button, option
from bot.slack.inputs import select


def page_buttons(previous: str, following: str, *, number: int, last: int, text: Callable[[int], str]) -> list[Block]:
    """Previous and Next by these action ids, as far as there are such pages. `text`: what is typed for a page."""
    found = []
    if number > 1:
        found.append(button(tr("Previous"), previous, value=text(number - 1)))
    if number < last:
        found.append(button(tr("Next"), following, value=text(number + 1)))
    return found


def menu(action_id: str, placeholder: str, choices: Sequence[tuple[str, str]], *, chosen: str) -> list[Block]:
    """A menu of labels and what is typed for each, `chosen` shown; nothing where that is too long for Slack."""
    if any(len(value) > OPTION_VALUE_LIMIT for _, value in choices):
        return []
    options = [option(label, value) for label, value in choices]
    return [select(options, placeholder=placeholder, initial=chosen, action_id=action_id)]


def place_text(number: int, shown: int, total: int, *, rows: int) -> str:
    """`21 to 40 of 45`: where in the list a page is."""
    first = (number - 1) * rows + 1
    return tr("{first} to {last} of {total}", first=first, last=first + shown - 1, total=total)
