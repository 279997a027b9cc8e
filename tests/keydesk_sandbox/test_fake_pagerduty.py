"""The fake PagerDuty speaks as the real one is documented. The bot's client plays it in tests/oncall."""

import httpx
import pytest

from keydesk_sandbox.fake_pagerduty import FAULTS, FakePagerDuty, PagerDutyUser
from tests.keydesk_sandbox.fake_slack.kit import Clock

ANN = PagerDutyUser(id="PU0ANN", name="Ann", email="ann@example.com")
BEN = PagerDutyUser(id="PU0BEN", name="Ben", email=None)
RANGE = {"since": "2026-09-21T00:00:00+00:00", "until": "2026-09-22T00:00:00+00:00"}


def account() -> FakePagerDuty:
    return FakePagerDuty(token="t", clock=Clock())


async def get(fake: FakePagerDuty, *, token: str = "t", **query: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=fake.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pd") as client:
        headers = {"Authorization": f"Token token={token}"}
        return await client.get("/oncalls", params={"schedule_ids[]": "P0A", **RANGE, **query}, headers=headers)


async def test_an_entry_has_a_reference_or_the_whole_user() -> None:
    fake = account()
    fake.on_call("P0A", ANN)
    [entry] = (await get(fake)).json()["oncalls"]
    assert entry["user"] == {"id": "PU0ANN", "type": "user_reference", "summary": "Ann"}
    [entry] = (await get(fake, **{"include[]": "users"})).json()["oncalls"]
    assert entry["user"]["email"] == "ann@example.com"
    assert (entry["start"], entry["end"], entry["escalation_level"]) == (None, None, 1)


async def test_pages_turns_and_overrides() -> None:
    fake = account()
    fake.take_turns("P0A", [ANN, BEN], seconds=3_600, turns=10)
    first = (await get(fake, limit="3", until="2026-12-01T00:00:00Z")).json()
    assert (len(first["oncalls"]), first["more"]) == (3, True)
    last = (await get(fake, limit="3", offset="9", until="2026-12-01T00:00:00Z")).json()
    assert (len(last["oncalls"]), last["more"]) == (1, False)
    fake.override("P0A", BEN, start=fake.clock(), end=fake.clock() + 1_800)
    entries = (await get(fake, until="2026-12-01T00:00:00Z")).json()["oncalls"]
    assert [one["user"]["summary"] for one in entries].count("Ben") == 6
    assert len(entries) == 11


async def test_without_the_token_it_says_401_and_its_limit_says_when() -> None:
    fake = account()
    assert (await get(fake, token="other")).status_code == 401
    fake.fault = "429"
    answer = await get(fake)
    assert (answer.status_code, answer.headers["ratelimit-reset"]) == (429, "7")


@pytest.mark.parametrize("fault", [one for one in FAULTS if one not in {"none", "hang"}])
async def test_every_fault_can_be_played(fault: str) -> None:
    fake = account()
    fake.on_call("P0A", ANN)
    fake.fault = fault  # type: ignore[assignment]
    answer = await get(fake, **{"include[]": "users"})
    good = {"limit": 25, "offset": 0, "more": False, "total": None}
    assert answer.status_code != 200 or answer.content[:1] != b"{" or answer.json() != good | {"oncalls": [fake]}
