"""What a review shows: a card for each group of people who decide, a window with its keys, reminders, and a message to
each owner. Drawn from the rows, in the reader's language; no clients.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.languages import Sentence, joined, tr, trn
from bot.permissions.models import Actor
from bot.permissions.reviewers import security_of
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy
from bot.review import store
from bot.review.key_blocks import Requests, key_blocks, standing_text
from bot.review.models import (
    REMINDED_ON,
    UNDO_SECONDS,
    Review,
    ReviewCard,
    ReviewCounts,
    ReviewedKey,
    ReviewStatus,
    Verdict,
)
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bold_name,
    button,
    context,
    date,
    mention_all,
    modal,
    section,
)
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

OnCall = Callable[[Iterable[str]], frozenset[str]]
Called = Callable[[ReviewCard], str]
CARD, REMINDER, OWNER = "review_card", "review_reminder", "review_owner"
OPEN, PAGE, WINDOW = "review.open", "review.page", "review.window"
# So many keys stand on the card itself; more are in its window, so many on a page.
ON_CARD, ON_PAGE = 4, 10
# Keys that a message to an owner names.
NAMED = 20
_DAY_ONLY = "{date_short}"


def drawers(
    *, dollars: Dollars, policy: Callable[[], Policy], on_call: OnCall, clock: Callable[[], float]
) -> dict[str, Drawer]:
    """Post kind → what draws it. `on_call`: ids with each schedule replaced by whoever is on call now."""

    def called(card: ReviewCard) -> str:
        """Mentions of those who decide about the keys of a card, by the policy of now."""
        names = security_of(policy())[:1] if card.security else card.roles
        return mention_all(on_call(policy().roles.ids(names) - {EVERYBODY}))

    return {
        CARD: functools.partial(_card, dollars=dollars, called=called, clock=clock),
        REMINDER: functools.partial(_reminder, called=called),
        OWNER: functools.partial(_owner, dollars=dollars, called=called),
    }


def requests_of(c: sa.Connection, rows: Sequence[ReviewedKey]) -> Requests:
    """What changes these keys."""
    return requests_store.several(c, [row.request_id for row in rows if row.request_id is not None])


def _card(
    c: sa.Connection, post: PostRow, *, dollars: Dollars, called: Called, clock: Callable[[], float]
) -> Message | None:
    card = store.find_card(c, int(post.subject))
    review = None if card is None else store.find(c, card.review_id)
    if card is None or review is None:
        return None
    counts = store.counts(c, card_id=card.id)
    title = _title(review, counts)
    blocks: list[Block] = [section(title)]
    if counts.open:
        blocks.append(section(joined(called(card), _task(review, counts))))
    if counts.total <= ON_CARD:
        rows = store.page(c, card.id, limit=ON_CARD)
        requests = requests_of(c, rows)
        for row in rows:
            blocks += key_blocks(row, requests, now=clock(), units_per_usd=dollars.of(row.key_id))
    else:
        blocks.append(actions(_review_button(card, waits=counts.open > 0)))
    return Message(title, [*blocks, context(counts_text(counts))])


def _review_button(card: ReviewCard, *, waits: bool) -> Block:
    return button(tr("Review keys"), OPEN, value=str(card.id), style="primary" if waits else None)


def _title(review: Review, counts: ReviewCounts) -> str:
    if counts.open:
        return trn(
            ":mag: Key review {number}: {count} key should be looked at.",
            ":mag: Key review {number}: {count} keys should be looked at.",
            counts.total,
            number=review.id,
        )
    return trn(
        ":white_check_mark: Key review {number}: the {count} key here is decided.",
        ":white_check_mark: Key review {number}: all {count} keys here are decided.",
        counts.total,
        number=review.id,
    )


def _task(review: Review, counts: ReviewCounts) -> str:
    return trn(
        "Please decide by {moment}. Without a decision the key is disabled then.",
        "Please decide by {moment}. A key without a decision is disabled then.",
        counts.open,
        moment=date(review.ends_at, style=_DAY_ONLY),
    )


def counts_text(counts: ReviewCounts) -> str:
    """How many keys stand where, in a line."""
    parts = [
        (counts.open, trn("{count} left to decide", "{count} left to decide", counts.open)),
        (counts.of(Verdict.KEEP), trn("{count} kept", "{count} kept", counts.of(Verdict.KEEP))),
        (counts.of(Verdict.SHRINK), trn("{count} shrunk", "{count} shrunk", counts.of(Verdict.SHRINK))),
        (counts.of(Verdict.DISABLE), trn("{count} disabled", "{count} disabled", counts.of(Verdict.DISABLE))),
        (
            counts.of(Verdict.SILENCE),
            trn(
                "{count} disabled without a decision",
                "{count} disabled without a decision",
                counts.of(Verdict.SILENCE),
            ),
        ),
        (counts.of(Verdict.LEFT), trn("{count} left the list", "{count} left the list", counts.of(Verdict.LEFT))),
    ]
    return " · ".join(text for number, text in parts if number)


@dataclass(frozen=True, kw_only=True)
class WindowPage:
    """A page of the window. `number` from 0; `viewer`: who looks."""

    review: Review
    card: ReviewCard
    rows: Sequence[ReviewedKey]
    requests: Requests
    counts: ReviewCounts
    number: int
    viewer: str


def pages(counts: ReviewCounts) -> int:
    """How many pages the keys of a card fill."""
    return max(1, -(-counts.total // ON_PAGE))


def load_page(c: sa.Connection, card_id: int, number: int | None, *, viewer: str) -> WindowPage | None:
    """A page by its number, the nearest where there is none; None = the one with the first key that waits."""
    card = store.find_card(c, card_id)
    review = None if card is None else store.find(c, card.review_id)
    if card is None or review is None or review.status is ReviewStatus.WANTED:
        return None
    counts = store.counts(c, card_id=card.id)
    wanted = store.place_of_first_open(c, card.id) // ON_PAGE if number is None else number
    shown = min(max(0, wanted), pages(counts) - 1)
    rows = store.page(c, card.id, limit=ON_PAGE, offset=shown * ON_PAGE)
    requests = requests_of(c, rows)
    return WindowPage(
        review=review, card=card, rows=rows, requests=requests, counts=counts, number=shown, viewer=viewer
    )


def window(page: WindowPage, *, now: float, dollars: Dollars) -> dict[str, Any]:
    """The window with the keys of a card, a page at a time."""
    blocks: list[Block] = []
    if page.counts.open:
        blocks.append(section(_task(page.review, page.counts)))
    for row in page.rows:
        blocks += key_blocks(row, page.requests, now=now, units_per_usd=dollars.of(row.key_id), viewer=page.viewer)
    last, turns = pages(page.counts) - 1, []
    if page.number > 0:
        turns.append(button(tr("Previous"), f"{PAGE}.back", value=str(page.number - 1)))
    if page.number < last:
        turns.append(button(tr("Next"), f"{PAGE}.next", value=str(page.number + 1)))
    blocks += [actions(*turns)] if turns else []
    where = tr("Page {number} of {total}", number=page.number + 1, total=last + 1)
    blocks.append(context(*([where] if last else []), counts_text(page.counts)))
    title = tr("Key review {number}", number=page.review.id)
    return modal(WINDOW, title, blocks, close=tr("Close"), private_metadata=f"{page.card.id}:{page.number}")


def _reminder(c: sa.Connection, post: PostRow, *, called: Called) -> Message | None:
    card = store.find_card(c, int(post.subject))
    review = None if card is None else store.find(c, card.review_id)
    if card is None or review is None:
        return None
    security = bool(post.body.get("security")) or card.security
    whom = ReviewCard(id=card.id, review_id=card.review_id, roles=card.roles, security=security)
    number = store.counts(c, card_id=card.id).open
    moment = date(review.ends_at, style=_DAY_ONLY)
    if post.body["number"] == len(REMINDED_ON):
        told = trn(
            "Last reminder of key review {review}: {count} key will be disabled on {moment} unless you decide.",
            "Last reminder of key review {review}: {count} keys will be disabled on {moment} unless you decide.",
            number,
            review=review.id,
            moment=moment,
        )
    else:
        told = _waits(review, number)
    nobody = tr("Those who were asked first are not in this workspace any more.") if post.body.get("security") else ""
    text = joined(called(whom), told, nobody)
    return Message(text, [section(text), actions(_review_button(card, waits=False))])


def _waits(review: Review, number: int) -> Sentence:
    return trn(
        "Key review {review}: {count} key waits for your decision until {moment}.",
        "Key review {review}: {count} keys wait for your decision until {moment}.",
        number,
        review=review.id,
        moment=date(review.ends_at, style=_DAY_ONLY),
    )


def home_rows(c: sa.Connection, actor: Actor, policy: Policy) -> list[Block]:
    """For the Home: each card about which this person is asked and keys of others wait."""
    review, rows = store.current(c), list[Block]()
    for card in [] if review is None else store.cards(c, review.id):
        names = security_of(policy) if card.security else card.roles
        number = store.open_for(c, card.id, actor.slack_user_id)
        if review is not None and number and not policy.roles.held(actor).isdisjoint(names):
            rows.append(section(_waits(review, number), accessory=_review_button(card, waits=False)))
    return rows


# What an owner is told, by its name in the message's row: which keys it is about.
_ABOUT = {
    "warning": (Verdict.OPEN,),
    "decided": (Verdict.SHRINK, Verdict.DISABLE),
    "silence": (Verdict.SILENCE,),
}


def _owner(c: sa.Connection, post: PostRow, *, dollars: Dollars, called: Called) -> Message | None:
    number, _, owner = post.subject.partition(":")
    review, what = store.find(c, int(number)), str(post.body["what"])
    rows = [] if review is None else store.of_owner(c, review.id, owner, _ABOUT[what])
    rows = rows if what == "warning" else [row for row in rows if row.settled_at is not None]
    if review is None or not rows:
        return None
    title = _owner_title(what, len(rows), review)
    requests = requests_of(c, rows[:NAMED])
    lines = []
    for row in rows[:NAMED]:
        # What the title says of all need not be said of each.
        alike = what != "decided" and row.undone_by is None
        standing = "" if alike else standing_text(row, requests, units_per_usd=dollars.of(row.key_id))
        lines.append(
            f"{bold_name(row.name)} · {tr('key {number}', number=shown_number(row.key_id))}\n{standing}".strip()
        )
    blocks = [section(title), section("\n".join(lines))]
    if len(rows) > NAMED:
        blocks.append(context(trn("… and {count} more", "… and {count} more", len(rows) - NAMED)))
    card = store.find_card(c, rows[0].card_id)
    blocks += [] if card is None else [context(_whom_to_ask(what, rows, called(card)))]
    return Message(title, blocks)


def _owner_title(what: str, number: int, review: Review) -> str:
    if what == "warning":
        return trn(
            ":hourglass: {count} key of yours will be disabled on {moment}, unless a reviewer keeps it.",
            ":hourglass: {count} keys of yours will be disabled on {moment}, unless a reviewer keeps them.",
            number,
            moment=date(review.ends_at, style=_DAY_ONLY),
        )
    if what == "silence":
        return trn(
            ":no_entry: {count} key of yours was disabled: nobody decided about it in key review {review}.",
            ":no_entry: {count} keys of yours were disabled: nobody decided about them in key review {review}.",
            number,
            review=review.id,
        )
    return trn(
        ":mag: {count} key of yours was changed in key review {review}.",
        ":mag: {count} keys of yours were changed in key review {review}.",
        number,
        review=review.id,
    )


def _whom_to_ask(what: str, rows: Sequence[ReviewedKey], who: str) -> str:
    if what == "warning":
        return tr("Do you need it? Tell {who}.", who=who)
    settled = [row.settled_at for row in rows if row.verdict.stops and row.settled_at is not None]
    if not settled:
        return tr("Do you need more? Ask with {command}.", command="`/apikey quota`")
    until = date(min(settled) + UNDO_SECONDS, style=_DAY_ONLY)
    return tr("Do you need it? {who} can undo this until {moment}.", who=who, moment=until)
