"""Charts: Slack's `data_visualization` block, the same in text, and who of the two is sent. Knows no key.

The block is new and reaches workspaces in stages, in messages only. A refusal is remembered, so that nobody waits for
it again; after a month it is tried anew. The text twin stands in `text` too, for screen readers and notifications.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.db import named_values
from bot.db.engine import Database
from bot.slack.blocks import Block, Message, code, section, truncate
from bot.slack.delivery import Delivery
from bot.slack.errors import SlackRefused

logger = logging.getLogger(__name__)

TITLE, LABEL, POINTS, AXIS = 50, 20, 20, 50
REFUSED = "slack.charts.refused"
TRIED_AGAIN = 30 * 86_400.0
_REFUSALS = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments"})
_WIDTH = 16


@dataclass(frozen=True)
class Chart:
    """Bars. `points`: a label, a number, and the number in words; `series`: what is counted; `axis`: in which unit."""

    title: str
    series: str
    axis: str
    points: Sequence[tuple[str, float, str]]

    def block(self) -> Block:
        """Slack's own chart; labels must differ, so the last of equal ones stays."""
        points = list({truncate(label, LABEL): value for label, value, _ in self.points[-POINTS:]}.items())
        data = [{"label": label, "value": value} for label, value in points]
        return {
            "type": "data_visualization",
            "title": truncate(self.title, TITLE),
            "chart": {
                "type": "bar",
                "series": [{"name": truncate(self.series, LABEL), "data": data}],
                "axis_config": {"categories": [label for label, _ in points], "y_label": truncate(self.axis, AXIS)},
            },
        }

    def lines(self) -> list[str]:
        """The same as text: a line a point."""
        most = max((value for _, value, _ in self.points), default=0.0)
        width = max((len(label) for label, _, _ in self.points), default=0)
        return [
            f"{label.ljust(width)} {_bar(value, most)} {words}".rstrip()
            for label, value, words in self.points[-POINTS:]
        ]

    def twin(self) -> Block:
        """The text in the place of the chart."""
        return section("\n".join([f"*{self.title}*", *map(code, self.lines())]))


def _bar(value: float, most: float) -> str:
    full = round(_WIDTH * value / most) if most > 0 else 0
    # What is not nothing shows.
    full = max(full, 1 if value > 0 else 0)
    return "▇" * full + "·" * (_WIDTH - full)


@dataclass(frozen=True, kw_only=True)
class Charts:
    """Sends messages with charts to people, and remembers whether this workspace takes them."""

    database: Database
    clock: Callable[[], float]

    async def tell(self, delivery: Delivery, message: Message, chart: Chart | None) -> None:
        """Tell the person; the chart stands after the first block of the message. Raises SlackError."""
        if chart is None:
            await delivery.responder.tell(delivery, message.text, message.blocks)
            return
        if await self._taken():
            try:
                drawn = _with(message, chart.block())
                await delivery.responder.tell(delivery, "\n".join([drawn.text, *chart.lines()]), drawn.blocks)
            except SlackRefused as error:
                if error.code not in _REFUSALS:
                    raise
                logger.info("this workspace takes no charts (%s); text from now on", error.code)
                await self.database.run(named_values.put, REFUSED, self.clock())
            else:
                return
        plain = _with(message, chart.twin())
        await delivery.responder.tell(delivery, plain.text, plain.blocks)

    async def _taken(self) -> bool:
        refused = await self.database.read(named_values.get, REFUSED)
        return refused is None or not 0 <= self.clock() - refused < TRIED_AGAIN


def _with(message: Message, block: Block) -> Message:
    return replace(message, blocks=[*message.blocks[:1], block, *message.blocks[1:]])
