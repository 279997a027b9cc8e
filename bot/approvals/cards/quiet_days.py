"""Quiet channels: what people do without asking anybody stands under one message a day, or in it.

`KEYDESK_CHANNEL_NOISE` chooses. What a channel must see at once stays a message of its own: cards, break-glass, alarms.
Days are those of UTC, since a channel has no time zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import ApprovalRequest
from bot.languages import joined, tr, trn
from bot.operations import Operation
from bot.slack.blocks import Message, bold_name, context, date, mention, section
from bot.slack.post_store import PostRow

DAY = "day"
DAY_SECONDS = 86_400
_LINES = 30


class ChannelNoise(StrEnum):
    """What becomes of a result that nobody had to approve."""

    ALL = "all"  # a message each
    THREAD = "thread"  # in the thread of the day's message
    DIGEST = "digest"  # a line of the day's message


def day_of(at: float) -> int:
    """When the day of this moment began, Unix seconds."""
    return int(at // DAY_SECONDS) * DAY_SECONDS


def day_id(start: int) -> str:
    """The post of the day that began then."""
    return f"day:{start}"


def is_quiet(request: ApprovalRequest) -> bool:
    """Whether this result may stand under the day's message."""
    return not request.has_card and not request.break_glass


@dataclass(frozen=True)
class QuietDay:
    """Draws the message of a day from the rows, anew with each result."""

    operations: Mapping[str, Operation]
    noise: ChannelNoise

    def draw(self, c: sa.Connection, post: PostRow) -> Message:
        """The drawer of posts of the kind DAY; their subject is when the day began."""
        start = int(post.subject)
        # A line a request only where they are read here.
        limit = _LINES if self.noise is ChannelNoise.DIGEST else 0
        done, total = store.done_unasked(c, since=start, until=start + DAY_SECONDS, limit=limit)
        headline = trn(
            "{day}: {count} change that needed no approval",
            "{day}: {count} changes that needed no approval",
            total,
            day=date(start + DAY_SECONDS // 2, style="{date}"),
        )
        blocks = [section(f"*{headline}*"), *(context(self._line(request)) for request in done)]
        if limit and total > len(done):
            blocks.append(context(trn("{count} more.", "{count} more.", total - len(done))))
        if not limit:
            blocks.append(context(tr("They are in the thread.")))
        return Message(headline, blocks)

    def _line(self, request: ApprovalRequest) -> str:
        what = self.operations[request.operation].done(bold_name(request.key_name))
        asked = tr("Asked by {who}.", who=mention(request.requester_id))
        return joined(what, asked, tr("(Request {number}.)", number=request.number))
