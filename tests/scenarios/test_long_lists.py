"""Somebody with many keys sees all of them: on the Home as far as it goes, in `/apikey list` page by page."""

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.narrow import present
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.operating import owned


async def test_many_keys_are_shown_page_by_page(http_desk: Desk) -> None:
    desk = http_desk
    # A number of its own at the end, since a part of one name must not be found in another.
    names = [f"many-{number:02}" for number in range(23)]
    for name in names:
        await owned(desk, name=name)
    await desk.app.client.list_keys()  # as the look at the newest keys does every minute

    await desk.slack.open_home(seed.ENGINEER)
    await desk.eventually(lambda: names[-1] in view_text(present(desk.slack.home(seed.ENGINEER))))
    home = view_text(present(desk.slack.home(seed.ENGINEER)))
    left = [name for name in names if name not in home]
    assert f"… and {len(left)} more: `/apikey list`" in home

    table = await _list(desk, "")
    assert "data_table" in str(table.blocks)
    assert [name for name in names if name not in text_of(table)] == []

    # A workspace that does not take tables yet gets rows; it is asked once.
    desk.slack.switches.refused_blocks = frozenset({"data_table"})
    first = await _list(desk, "")
    assert "data_table" not in str(first.blocks)
    second = await _list(desk, " 2")
    told = text_of(first) + text_of(second)
    assert [name for name in names if name not in told] == []
    assert text_of(await _list(desk, " 99")) == text_of(second)

    # Next and Previous draw the list in its own place.
    before = len(desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER))
    await desk.slack.click(seed.ENGINEER, first, "keys_next")
    await desk.eventually(lambda: names[0] in text_of(first))
    assert len(desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER)) == before


async def test_a_list_is_narrowed_by_words_people_and_parts_of_names(http_desk: Desk) -> None:
    desk = http_desk
    await owned(desk, name="staging-bot", unlimited_quota=True)
    await owned(desk, name="nightly")
    await owned(desk, seed.SECURITY, name="scanner", unlimited_quota=True)
    await _all_are_listed(desk)

    assert (await _list(desk, " unlimited")).text == "1 key found"
    assert "staging-bot" in text_of(await _list(desk, " unlimited"))
    nothing = await _list(desk, " nigthly")
    assert nothing.text == "No key is like that: \u201cnigthly\u201d in the name, of <@U0ADA>."
    await desk.slack.click(seed.ENGINEER, nothing, "keys_alike_1")
    await desk.eventually(lambda: "1 key found" in text_of(nothing))
    assert "nightly" in text_of(nothing)
    assert "scanner" not in text_of(await _list(desk, ' "scanner"')).replace("\u201cscanner\u201d", "")
    assert "does not allow" in (await _list(desk, f" <@{seed.SECURITY}>")).text


async def _all_are_listed(desk: Desk) -> None:
    async def ours() -> bool:
        return True

    await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)


async def _list(desk: Desk, page: str) -> SlackMessage:
    before = len(desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER))
    await desk.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, f"/apikey list{page}")

    def answered() -> SlackMessage | None:
        # A table, and what waits for the gateway, comes a moment after the answer.
        new = desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER)[before:]
        return new[-1] if new and "in a moment" not in new[-1].text else None

    message: SlackMessage = await desk.eventually(answered)
    return message
