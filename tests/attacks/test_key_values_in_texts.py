"""A key's value is never stored, whatever free text it is typed into and however it is disguised."""

import pytest

from bot.approvals.models import Status
from bot.db.engine import Database
from bot.errors import InputError
from bot.logs import holds_key
from keydesk_sandbox import seed
from tests.approvals.kit import ADA, MIRA, Spine
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk
from tests.scenarios.test_incident import make, preview

__all__ = ["http_desk"]
CORE = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzA1bC2dE3fG4hJ5k"
TRICKS = {
    "plain": f"sk-{CORE}",
    "without its beginning": CORE,
    "zero-width space": f"sk-{CORE[:20]}\u200b{CORE[20:]}",
    "zero-width joiner": f"sk-{CORE[:20]}\u200d{CORE[20:]}",
    "soft hyphen": f"sk-{CORE[:9]}\u00ad{CORE[9:]}",
    "glued": f"keysk-{CORE}",
    "broken over lines": f"sk-{CORE[:24]}\n{CORE[24:]}",
    "in pieces": f"sk-{CORE[:16]} {CORE[16:32]} {CORE[32:]}",
}


@pytest.mark.parametrize("trick", TRICKS)
async def test_no_text_of_a_request_and_no_denial_holds_a_key(sqlite_database: Database, trick: str) -> None:
    text, spine = f"see {TRICKS[trick]}", Spine(sqlite_database)
    with pytest.raises(InputError) as wrong:
        await spine.ask(reason=text)
    assert list(wrong.value.fields) == ["reason"]
    with pytest.raises(InputError) as wrong:
        await spine.ask(group=TRICKS[trick])
    assert "group" in wrong.value.fields
    await spine.ask(reason="to test")
    with pytest.raises(InputError):
        await spine.actions.deny(1, MIRA, ADA, reason=text)
    row = await spine.row()
    assert (row.status, row.denial) == (Status.PENDING, "")


async def test_the_reason_of_an_incident_holds_no_key(http_desk: Desk) -> None:
    desk = http_desk
    make(desk, 2)
    await preview(desk, "disable svc-0 svc-1")
    view = desk.slack.top_view(seed.SECURITY)
    await desk.fill(seed.SECURITY, view, confirm="DISABLE 2", reason=f"leaked: {TRICKS['zero-width space']}")
    answer = await desk.slack.submit(seed.SECURITY, desk.slack.top_view(seed.SECURITY))
    assert "value of a key" in answer.body["errors"]["reason"]
    assert all(record.status == 1 for record in [desk.key("svc-0"), desk.key("svc-1")])


@pytest.mark.parametrize(
    "text",
    [
        "risk-averse people should not be given unlimited keys in production environments at all",
        "task-42 of the migration plan from 2024 to 2025, see ticket 12345 and the page beside it",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ],
)
def test_words_are_no_keys(text: str) -> None:
    assert not holds_key(text)
