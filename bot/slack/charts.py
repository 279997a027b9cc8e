"""Charts: Slack's `data_visualization` block, the same in text, and who of the two is sent. Knows no key.

The block is new (new_blocks.py). The text twin stands in `text` too, for screen readers and notifications.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.db.engine import Database
from bot.slack.blocks import Block, Message, code, section, truncate
from bot.slack.delivery import Delivery
from bot.slack.new_blocks import NewBlocks

TITLE, LABEL, POINTS, AXIS = 50, 20, 20, 50
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
        new = NewBlocks(kind="charts", database=self.database, clock=self.clock)
        drawn = _with(message, chart.block())
        drawn = replace(drawn, text="\n".join([drawn.text, *chart.lines()]))
        if await new.taken() and await new.tell(delivery, drawn):
            return
        plain = _with(message, chart.twin())
        await delivery.responder.tell(delivery, plain.text, plain.blocks)


def _with(message: Message, block: Block) -> Message:
    return replace(message, blocks=[*message.blocks[:1], block, *message.blocks[1:]])
