"""How a list of keys looks: as rows with a button each or as a table, with what leads on. Never a value."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.features.key_list.typed_query import typed
from bot.features.lists.key_rows import SHOW, row
from bot.features.lists.paging import menu, page_buttons, place_text
from bot.gateway.dollars import Dollars
from bot.gateway.models import NEVER, Key
from bot.gateway.numbers import shown_number
from bot.keys.inventory_store import KnownKey
from bot.keys.key_query import KeyFilter, KeyOrder, KeyQuery
from bot.keys.known_keys import KeyPage, pages
from bot.keys.text import age_text, left_text, state_text
from bot.languages import tr, trc, trn
from bot.languages.formats import with_commas
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    divider,
    inert,
    mention,
    option,
    section,
)
from bot.slack.inputs import select
from bot.slack.tables import DataTable, date_cell, number_cell, person_cell, text_cell
from bot.units import format_quota

ROWS = 20
PREVIOUS, NEXT, NARROW, ORDER = "keys_previous", "keys_next", "keys_narrow", "keys_order"
ALIKE = ("keys_alike_1", "keys_alike_2", "keys_alike_3")
# Action ids of what leads from one list to another.
PAGING = (PREVIOUS, NEXT, NARROW, ORDER, *ALIKE)
FILTERS = {
    KeyFilter.ACTIVE: trc("keys in a list", "Active"),
    KeyFilter.DISABLED: trc("keys in a list", "Disabled"),
    KeyFilter.EXPIRED: trc("keys in a list", "Expired"),
    KeyFilter.EXHAUSTED: trc("keys in a list", "Quota used up"),
    KeyFilter.EXPIRING: trc("keys in a list", "Expire within 14 days"),
    KeyFilter.FOREVER: trc("keys in a list", "Never expire"),
    KeyFilter.UNLIMITED: trc("keys in a list", "Unlimited quota"),
    KeyFilter.IDLE: trc("keys in a list", "Not billed for 30 days"),
    KeyFilter.OWNERLESS: trc("keys in a list", "Without an owner"),
    KeyFilter.LOCKED: trc("keys in a list", "Locked"),
}
ORDERS = {
    KeyOrder.NEWEST: trc("order of a list", "Newest first"),
    KeyOrder.NAME: trc("order of a list", "By name"),
    KeyOrder.QUOTA: trc("order of a list", "Most quota left first"),
    KeyOrder.USED: trc("order of a list", "Most used first"),
    KeyOrder.EXPIRY: trc("order of a list", "First to expire first"),
}


@dataclass(frozen=True, kw_only=True)
class KeyList:
    """One page of a list. `rows`: how many a page holds. `owners`: whether it may be known whose they are.

    `locked`: of locked keys, why they are and what brings them back. `refilled`: of keys with an allowance, by which.
    `trouble`: of the account behind them. `alike`: names that somebody may have meant where nothing was found. `now`:
    the clock of a key's gateway; `asked_at`: by ours.
    """

    page: KeyPage
    query: KeyQuery
    everybody: bool
    rows: int = ROWS
    locked: Mapping[int, str]
    refilled: Mapping[int, str] = field(default_factory=dict)
    now: Callable[[int], float]
    asked_at: float
    dollars: Dollars
    trouble: str = ""
    alike: Sequence[str] = ()

    def message(self) -> Message:
        """A row with a button for each key."""
        if not self.page.keys:
            return self._nothing()
        return self._whole([divider(), *self._lines()])

    def table(self) -> Message:
        """The same as a table, and a menu that opens one of its keys."""
        rows = [list(self._cells(known)) for known in self.page.keys]
        drawn = DataTable(caption=self._headline(), columns=self._columns(), rows=rows).block()
        choices = [_choice(known.key) for known in self.page.keys]
        chosen = select(choices, placeholder=tr("Open a key…"), action_id=SHOW)
        return self._whole([drawn, actions(chosen)])

    def _whole(self, shown: Sequence[Block]) -> Message:
        headline = self._headline()
        trouble = [section(self.trouble)] if self.trouble else []
        small = context(*self._small_lines())
        return Message(headline, [section(f"*{headline}*"), *trouble, *shown, *self._leads_on(), small])

    def _headline(self) -> str:
        total = self.page.total
        if self.query.narrows:
            return trn("{count} key found", "{count} keys found", total)
        if self.query.owner is not None and self.everybody:
            return trn("{count} key of {who}", "{count} keys of {who}", total, who=mention(self.query.owner))
        if self.query.owner is None:
            return trn("The account's {count} key", "All {count} keys of the account", total)
        return trn("Your {count} key", "Your {count} keys", total)

    def _lines(self) -> Iterator[Block]:
        for known in self.page.keys:
            yield row(
                known.key,
                now=self.now(known.key.id),
                owner=known.owner_id if self.everybody else None,
                units_per_usd=self.dollars.of(known.key.id),
                locked=self.locked.get(known.key.id, ""),
                refilled=self.refilled.get(known.key.id, ""),
            )

    def _columns(self) -> list[str]:
        return [
            trc("column of a list of keys", "Name"),
            trc("column of a list of keys", "Key"),
            trc("column of a list of keys", "State"),
            trc("column of a list of keys", "Quota left"),
            trc("column of a list of keys", "Used"),
            *([trc("column of a list of keys", "Allowance")] if self.refilled else []),
            trc("column of a list of keys", "Expires"),
            *([trc("column of a list of keys", "Owner")] if self.everybody else []),
        ]

    def _cells(self, known: KnownKey) -> Iterator[Block]:
        key, units = known.key, self.dollars.of(known.key.id)
        yield text_cell(key.name)
        yield number_cell(int(key.id), str(shown_number(key.id)))
        state = trc("state of a key", "locked") if key.id in self.locked else state_text(key.state(self.now(key.id)))
        yield text_cell(state)
        if key.unlimited_quota:
            yield text_cell(left_text(key.remain_quota, unlimited=True, units_per_usd=units))
        else:
            yield number_cell(key.remain_quota, format_quota(key.remain_quota, units))
        yield number_cell(key.used_quota, format_quota(key.used_quota, units))
        if self.refilled:
            yield text_cell(self.refilled.get(key.id, "–"))
        if key.expired_time == NEVER:
            yield text_cell(trc("when a key expires", "never"))
        else:
            yield date_cell(key.expired_time)
        if self.everybody:
            yield person_cell(known.owner_id) if known.owner_id else text_cell("–")

    def _leads_on(self) -> list[Block]:
        """To the other pages, and to what else may be looked for."""
        page, query = self.page, self.query
        elements = page_buttons(
            PREVIOUS,
            NEXT,
            number=page.number,
            last=pages(page.total, self.rows),
            text=lambda number: typed(query, page=number),
        )
        if page.total > 1 or query.narrows:
            orders = [(label, typed(replace(query, order=one))) for one, label in ORDERS.items()]
            elements += menu(NARROW, tr("Show only…"), self._narrower(), chosen=typed(query))
            elements += menu(ORDER, tr("Order…"), orders, chosen=typed(query))
        return [actions(*elements)] if elements else []

    def _narrower(self) -> list[tuple[str, str]]:
        query = self.query
        everything = KeyQuery(owner=query.owner, order=query.order)
        choices: list[tuple[str, str]] = [(trc("keys in a list", "All of them"), typed(everything))]
        for one, label in FILTERS.items():
            if one is not KeyFilter.OWNERLESS:
                choices.append((label, typed(replace(query, filters=frozenset({one})))))
            elif self.everybody:
                choices.append((label, typed(replace(query, filters=frozenset({one}), owner=None))))
        return choices

    def _small_lines(self) -> list[str]:
        """What was looked for, where in the list this is, and how old it is."""
        page = self.page
        lines = [described(self.query)] if self.query.narrows else []
        if page.total > self.rows:
            place = place_text(page.number, len(page.keys), page.total, rows=self.rows)
            lines += [place, ORDERS[self.query.order], tr("`/apikey show KEY` finds each")]
        return [*lines, age_text(page.as_of, self.asked_at)]

    def _nothing(self) -> Message:
        if self.query.narrows:
            text = tr("No key is like that: {query}.", query=described(self.query))
            guesses = [
                button(name, action_id, value=typed(KeyQuery(owner=self.query.owner, text=name)))
                for action_id, name in zip(ALIKE, self.alike, strict=False)
            ]
            everything = button(tr("Show all"), NARROW, value=typed(KeyQuery(owner=self.query.owner)))
            lead = [section(tr("Did you mean one of these?"))] if guesses else []
            return Message(text, [section(text), *lead, actions(*guesses, everything)])
        none, none_of_yours = tr("There are no keys yet."), tr("You have no keys yet. `/apikey new` asks for one.")
        other = self.everybody and self.query.owner is not None
        text = tr("{who} has no keys.", who=mention(self.query.owner or "")) if other else none_of_yours
        text = none if self.query.owner is None else text
        return Message(text, [section(text), actions(button(tr("Ask for a key"), "key.create", style="primary"))])


def described(query: KeyQuery) -> str:
    """What was looked for, in words."""
    found = [FILTERS[one] for one in FILTERS if one in query.filters]
    found += [tr("“{text}” in the name", text=inert(query.text))] if query.text else []
    found += [tr("of {who}", who=mention(query.owner))] if query.owner else []
    return with_commas(found)


def _choice(key: Key) -> Block:
    return option(f"{key.name} · {shown_number(key.id)}", str(key.id))
