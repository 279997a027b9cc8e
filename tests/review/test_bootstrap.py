"""Reviews are wired: their messages are drawn, their buttons are named, their requests are followed."""

from bot.review import bootstrap
from bot.review.cards import CARD, OWNER, REMINDER
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]


async def test_everything_has_its_place(http_desk: Desk) -> None:
    app = http_desk.app
    assert {CARD, REMINDER, OWNER} <= set(app.outbox._drawers)
    named = {name for name in app.router.names("action") if name.startswith("review.")}
    buttons = {"keep", "shrink", "disable", "undo", "open", "page.back", "page.next"}
    assert named == {f"review.{name}" for name in buttons}
    assert [kind.name for kind in app.review.schedule.kinds] == ["review"]
    assert app.review.schedule.pause == bootstrap.PAUSE < 60
