"""What is left of Slack's time for a listener, and when a person is asked for anew."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.deps import LISTENER_SECONDS, Deps
from bot.slack.delivery import Kind
from tests.slack.kit import make_delivery


class Directory:
    def __init__(self) -> None:
        self.asked: list[bool] = []

    async def actor(self, user: str, team: str, *, fresh: bool) -> tuple[str, str]:
        self.asked.append(fresh)
        return user, team


def deps(**changes: Any) -> Any:
    names = dict.fromkeys(Deps.__dataclass_fields__)
    return SimpleNamespace(**{**names, "clock": lambda: 100.0, **changes})


@pytest.mark.parametrize(("received_at", "left"), [(100.0, LISTENER_SECONDS), (99.0, LISTENER_SECONDS - 1), (0.0, 0.1)])
def test_the_time_that_is_left_is_never_nothing(received_at: float, left: float) -> None:
    assert Deps.left(deps(), make_delivery(received_at=received_at)) == pytest.approx(left)


@pytest.mark.parametrize(("kind", "fresh"), [(Kind.COMMAND, False), (Kind.VIEW_SUBMISSION, True)])
async def test_a_submitted_form_asks_slack_anew(kind: Kind, fresh: bool) -> None:
    directory = Directory()
    found: object = await Deps.actor(deps(directory=directory), make_delivery(kind, user_id="U1", user_team_id="T1"))
    assert found == ("U1", "T1")
    assert directory.asked == [fresh]
    await Deps.actor(deps(directory=directory), make_delivery(Kind.COMMAND), fresh=True)
    assert directory.asked[-1]
