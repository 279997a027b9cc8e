"""Slack's list of everybody, page by page: who is what, and no answer where it does not end or does not come."""

from typing import Any

import pytest

from bot.permissions.models import ActorKind
from bot.slack import people_list
from bot.slack.errors import SlackUnavailable
from bot.slack.people_list import PeopleList

TEAM = "T0HOME"


class Pages:
    """A list in pages of two."""

    def __init__(self, *users: dict[str, Any], endless: bool = False) -> None:
        self.users, self.endless, self.asked = users, endless, 0

    async def read(self, method: str, **params: Any) -> dict[str, Any]:
        assert method == "users.list"
        self.asked += 1
        first = int(params["cursor"] or 0)
        more = self.endless or first + 2 < len(self.users)
        cursor = str(first + 2) if more else ""
        return {"members": list(self.users[first : first + 2]), "response_metadata": {"next_cursor": cursor}}


def user(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "team_id": TEAM, **more}


async def test_only_those_asked_for_are_told_from_all_pages() -> None:
    pages = Pages(user("U1"), user("U2", deleted=True), user("U3"), user("U4", is_restricted=True), user("U5"))
    found = await PeopleList(web=pages, team_id=TEAM).kinds({"U1", "U2", "U4", "U9"})
    assert found == {"U1": ActorKind.MEMBER, "U2": ActorKind.DEACTIVATED, "U4": ActorKind.GUEST}
    assert pages.asked == 3


@pytest.mark.parametrize("answer", [{}, {"members": "all"}, {"members": [None, {"id": 3}], "response_metadata": 1}])
async def test_an_odd_answer_tells_of_nobody(answer: dict[str, Any]) -> None:
    class Odd:
        async def read(self, method: str, **params: Any) -> dict[str, Any]:
            del method, params
            return answer

    assert await PeopleList(web=Odd(), team_id=TEAM).kinds({"U1"}) == {}


async def test_a_list_without_an_end_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_list, "MOST_PAGES", 40)
    pages = Pages(endless=True)
    with pytest.raises(SlackUnavailable):
        await PeopleList(web=pages, team_id=TEAM, pause=0.0).kinds({"U1"})
    assert pages.asked == 40
