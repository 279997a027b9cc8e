"""How requests look in a list: in groups of what matters most, or as what was looked for, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.features.lists.paging import menu, page_buttons, place_text
from bot.features.request_list.typed_query import RequestQuery, typed
from bot.languages import said, tr, trc, trn
from bot.languages.formats import with_commas
from bot.slack.blocks import Block, Message, actions, button, context, divider, inert, mention, section

ROWS, PAGE = 12, 20
PREVIOUS, NEXT, NARROW = "requests_previous", "requests_next", "requests_narrow"
PAGING = (PREVIOUS, NEXT, NARROW)
LABELS = {
    "waiting": trc("requests in a list", "Waiting"),
    "running": trc("requests in a list", "Being applied"),
    "done": trc("requests in a list", "Done"),
    "failed": trc("requests in a list", "Failed"),
    "denied": trc("requests in a list", "Denied"),
    "expired": trc("requests in a list", "Expired"),
    "withdrawn": trc("requests in a list", "Withdrawn"),
}


@dataclass(frozen=True)
class RequestGroup:
    """Rows under a title. `all_of_them`: what finds them all; None = nothing does."""

    title: str
    rows: Sequence[Block]
    all_of_them: RequestQuery | None = None

    def blocks(self) -> list[Block]:
        """The first rows, and how to see the others."""
        found = [section(f"*{said(self.title)}*"), *self.rows[:ROWS]]
        left = len(self.rows) - ROWS
        if left <= 0:
            return found
        more = trn("{count} more.", "{count} more.", left)
        if self.all_of_them is None:
            return [*found, context(more)]
        every = tr("Show all: {group}", group=said(self.title))
        everything = button(tr("Show all"), NARROW, value=typed(self.all_of_them), label=every)
        return [*found, section(more, accessory=everything)]


def request_list(groups: Sequence[RequestGroup]) -> Message:
    """The answer to `/apikey requests`: titled groups, empty ones left out."""
    shown = [group for group in groups if group.rows]
    if not shown:
        text = tr("There are no requests yet. `/apikey new` asks for a key.")
        return Message(text, [section(text)])
    blocks: list[Block] = []
    for group in shown:
        blocks += [*group.blocks(), divider()]
    blocks[-1:] = [actions(*menu(NARROW, tr("Show only…"), _choices(RequestQuery()), chosen=""))]
    return Message(" · ".join(f"{said(group.title)}: {len(group.rows)}" for group in shown), blocks)


def request_page(rows: Sequence[Block], query: RequestQuery, *, total: int, number: int) -> Message:
    """The requests that were looked for. `number`: of the page, from 1."""
    last = max(1, -(-total // PAGE))
    looked_for = _described(query)
    if not rows:
        text = tr("No request is like that: {query}.", query=looked_for) if looked_for else tr("There are no requests.")
        everything = [actions(button(tr("Show all"), NARROW, value=typed(RequestQuery())))] if looked_for else []
        return Message(text, [section(text), *everything])
    headline = trn("{count} request", "{count} requests", total)
    buttons = page_buttons(PREVIOUS, NEXT, number=number, last=last, text=lambda page: typed(query, page=page))
    menus = menu(NARROW, tr("Show only…"), _choices(query), chosen=typed(query))
    small = [looked_for] if looked_for else []
    small += [place_text(number, len(rows), total, rows=PAGE)] if last > 1 else []
    blocks = [section(f"*{headline}*"), *rows, actions(*buttons, *menus), *([context(*small)] if small else [])]
    return Message(headline, blocks)


def _choices(query: RequestQuery) -> list[tuple[str, str]]:
    everything = (trc("requests in a list", "All of them"), typed(RequestQuery(requester=query.requester)))
    return [
        everything,
        *(
            (label, typed(RequestQuery(words=frozenset({word}), requester=query.requester, text=query.text)))
            for word, label in LABELS.items()
        ),
    ]


def _described(query: RequestQuery) -> str:
    """What was looked for, in words; "" for everything."""
    found = [label for word, label in LABELS.items() if word in query.words]
    found += [tr("of {who}", who=mention(query.requester))] if query.requester else []
    found += [tr("request {number}", number=f"#{query.number}")] if query.number else []
    found += [tr("\u201c{text}\u201d in the name", text=inert(query.text))] if query.text else []
    return with_commas(found) if found else ""
