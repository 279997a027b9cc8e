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

    first, second = await _list(desk, ""), await _list(desk, " 2")
    told = text_of(first) + text_of(second)
    assert [name for name in names if name not in told] == []
    assert text_of(await _list(desk, " 99")) == text_of(second)
    assert "Say which page, such as `/apikey list 2`" in (await _list(desk, " production")).text
    assert "Say which page" in (await _list(desk, " 0")).text


async def _list(desk: Desk, page: str) -> SlackMessage:
    await desk.slack.command(seed.ENGINEER, seed.KEYS_CHANNEL, f"/apikey list{page}")
    # The catalogue may be read anew first; then the answer follows in a moment.
    await desk.eventually(lambda: "in a moment" not in desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER)[-1].text)
    return desk.slack.messages(seed.KEYS_CHANNEL, seed.ENGINEER)[-1]
