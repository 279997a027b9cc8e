"""The window that lists every key of an alert, a page at a time: a card shows only the first of many. No clients."""

from collections.abc import Sequence
from typing import Any

from bot.alerts.cards.key_blocks import key_lines
from bot.alerts.cards.key_state import Requests
from bot.alerts.models import Alert
from bot.languages import tr, trn
from bot.slack.blocks import Block, actions, button, context, modal, section

WINDOW, BACK, NEXT = "alert_keys", "alert_keys.back", "alert_keys.next"
ON_PAGE = 20


def last_page(total: int) -> int:
    """The number of the last page, from 0."""
    return max(0, -(-total // ON_PAGE) - 1)


def keys_window(
    alert: Alert, shown: Sequence[int], requests: Requests, *, total: int, number: int, now: float
) -> dict[str, Any]:
    """A page. `shown`: its keys; `total`: of all that this person may look at; `number`: of the page, from 0."""
    title = trn("{count} key is named by this alert.", "{count} keys are named by this alert.", total)
    blocks: list[Block] = [section(title), *key_lines(alert, shown, requests, now=now)]
    turns = []
    if number > 0:
        turns.append(button(tr("Previous"), BACK, value=str(number - 1)))
    if number < last_page(total):
        turns.append(button(tr("Next"), NEXT, value=str(number + 1)))
    blocks += [actions(*turns)] if turns else []
    where = tr("Page {number} of {total}", number=number + 1, total=last_page(total) + 1)
    blocks.append(context(*([where] if last_page(total) else []), tr("Alert {number}", number=alert.id)))
    title = tr("Keys of alert {number}", number=alert.id)
    return modal(WINDOW, title, blocks, close=tr("Close"), private_metadata=f"{alert.id}:{number}")
