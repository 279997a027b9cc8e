"""Charts: Slack's block where the workspace takes it, the same in text where it does not, and the refusal is remembered."""

from typing import Any

from bot.db.engine import Database
from bot.slack.blocks import Message, section
from bot.slack.charts import Chart, Charts
from bot.slack.delivery import Delivery, Kind
from bot.slack.errors import SlackRefused
from bot.slack.new_blocks import TRIED_AGAIN
from keydesk_sandbox.fake_slack.blocks.surfaces import message_problems
from tests.slack.kit import NotingWeb, make_delivery, make_responder

CHART = Chart("Spent", "Spent", "Dollars", [("05-30", 4.0, "$4.00"), ("05-31", 0.0, "$0.00"), ("06-01", 0.1, "$0.10")])
MESSAGE = Message("Spending", [section("Spending"), section("the rest")])


def test_the_block_is_as_slack_documents_it() -> None:
    block = CHART.block()
    assert block["chart"]["axis_config"]["categories"] == ["05-30", "05-31", "06-01"]
    assert block["chart"]["series"][0]["data"][0] == {"label": "05-30", "value": 4.0}
    assert message_problems([block]) == []


def test_what_is_too_long_for_slack_is_cut() -> None:
    points = [(f"{number:02} and a very long label", 1.0, "") for number in range(30)]
    block = Chart("t" * 99, "s" * 99, "a" * 99, points).block()
    assert message_problems([block]) == []
    assert len(block["chart"]["series"][0]["data"]) == 20
    same = Chart("t", "s", "a", [("x", 1.0, ""), ("x", 2.0, "")]).block()
    assert same["chart"]["series"][0]["data"] == [{"label": "x", "value": 2.0}]


def test_the_text_says_the_same() -> None:
    assert CHART.lines() == [
        "05-30 ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇ $4.00",
        "05-31 ················ $0.00",
        "06-01 ▇··············· $0.10",
    ]
    assert Chart("t", "s", "a", [("x", 0.0, "$0.00")]).lines() == ["x ················ $0.00"]
    assert Chart("t", "s", "a", []).lines() == []


class OldWorkspace(NotingWeb):
    """Takes no charts."""

    code = "invalid_blocks"

    def _look(self, method: str, content: Any) -> None:
        if "data_visualization" in str(content):
            raise SlackRefused(method=method, code=self.code)

    async def respond(self, response_url: str, body: dict[str, Any]) -> None:
        self._look("response_url", body)
        await super().respond(response_url, body)

    async def write(self, method: str, *, interactive: bool = False, **arguments: Any) -> dict[str, Any]:
        self._look(method, arguments)
        return await super().write(method, interactive=interactive, **arguments)


def delivery(web: NotingWeb) -> Delivery:
    return make_delivery(Kind.COMMAND, responder=make_responder(web), channel_id="C0KEYS")


async def test_a_workspace_that_takes_charts_gets_one_with_its_text_beside(sqlite_database: Database) -> None:
    web = NotingWeb()
    await Charts(database=sqlite_database, clock=lambda: 1.0).tell(delivery(web), MESSAGE, CHART)
    sent = str(web.calls)
    assert "data_visualization" in sent
    assert "05-30 ▇▇▇▇" in sent


async def test_a_refusal_is_answered_with_text_and_remembered_for_a_month(sqlite_database: Database) -> None:
    web, now = OldWorkspace(), [1_000.0]
    charts = Charts(database=sqlite_database, clock=lambda: now[0])
    await charts.tell(delivery(web), MESSAGE, CHART)
    assert "data_visualization" not in str(web.calls)
    assert "05-30 ▇▇▇▇" in str(web.calls)
    web.code = "this is not asked for again"
    await charts.tell(delivery(web), MESSAGE, CHART)
    taking = NotingWeb()
    now[0] += TRIED_AGAIN
    await charts.tell(delivery(taking), MESSAGE, CHART)
    assert "data_visualization" in str(taking.calls)


async def test_without_a_chart_the_message_is_told_as_it_is(sqlite_database: Database) -> None:
    web = NotingWeb()
    await Charts(database=sqlite_database, clock=lambda: 1.0).tell(delivery(web), MESSAGE, None)
    assert "the rest" in str(web.calls)
