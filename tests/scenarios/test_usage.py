"""What was spent, asked in Slack: with a chart, and in text where the workspace takes none."""

from keydesk_sandbox import past, seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.scenarios.desk import Desk, text_of
from tests.scenarios.operating import do

CHART = "data_visualization"


async def spent_a_month(desk: Desk) -> None:
    past.spend(desk.gateway)
    await desk.own(seed.ENGINEER, desk.key("notebooks"))
    await desk.app.database.run(past.remember, desk.gateway)


async def asked(desk: Desk, person: str, text: str) -> SlackMessage:
    before = len(desk.slack.messages(seed.KEYS_CHANNEL, person))
    await desk.slack.command(person, seed.KEYS_CHANNEL, f"/apikey usage {text}".rstrip())
    await desk.eventually(lambda: len(desk.slack.messages(seed.KEYS_CHANNEL, person)) > before)
    return desk.slack.messages(seed.KEYS_CHANNEL, person)[-1]


def kinds(message: SlackMessage) -> list[str]:
    return [block["type"] for block in message.blocks]


async def test_an_engineer_sees_what_the_own_key_spent_and_when_it_runs_dry(http_desk: Desk) -> None:
    await spent_a_month(http_desk)
    message = await asked(http_desk, seed.ENGINEER, "notebooks")
    text = text_of(message)
    for words in ("claude-sonnet-4", "a day", "at this pace", "% used"):
        assert words in text, words
    assert CHART in kinds(message)
    assert "▇" in message.text, "for screen readers"


async def test_a_manager_sees_the_account_and_an_engineer_does_not(http_desk: Desk) -> None:
    await spent_a_month(http_desk)
    text = text_of(await asked(http_desk, seed.MANAGER, "all"))
    for words in ("production", "Balance", "The account runs dry", "gpt-4o"):
        assert words in text, words
    assert "does not allow reading what was spent" in text_of(await asked(http_desk, seed.ENGINEER, "all"))


async def test_a_workspace_that_takes_no_charts_gets_text_and_is_not_asked_again(http_desk: Desk) -> None:
    desk = http_desk
    await spent_a_month(desk)
    desk.slack.switches.refused_blocks = frozenset({CHART})
    for _ in range(2):
        message = await asked(desk, seed.ENGINEER, "")
        assert CHART not in kinds(message)
        assert "▇" in text_of(message)
    desk.slack.switches.refused_blocks = frozenset()
    assert CHART not in kinds(await asked(desk, seed.ENGINEER, ""))


async def test_the_card_for_more_quota_says_what_the_key_spent(http_desk: Desk) -> None:
    desk = http_desk
    await spent_a_month(desk)
    assert (await do(desk, seed.ENGINEER, "quota", desk.key("notebooks"), delta="+$50")).ok
    card = (await desk.eventually(lambda: desk.said("The key has spent")))[0]
    assert "at this pace until" in text_of(card)
