"""One trial of a key that should be dead, and what the trials amount to."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.approvals.revocation.attempts import Trial, marked, still_accepted, try_once
from bot.gateway.gateways import Gateways
from bot.gateway.models import KeyId
from bot.gateway.numbers import BLOCK
from bot.gateway.writes import REVOCATION_DELAYS, Revocation
from bot.languages import english
from keydesk_sandbox.fake_gateway import GatewayFault
from tests.gateway.answers import ROW, answering, no, yes
from tests.gateway.kit import client_of, fake_gateway


def nothing_leaked(_key_id: int) -> SecretStr | None:
    return None


async def test_a_key_that_was_enabled_again_is_no_alarm() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="ci", remain_quota=5)
    trial = await try_once(client_of(fake), KeyId(key.id), {}, leaked=nothing_leaked)
    assert (trial.proof, trial.why, trial.last) == (Revocation.UNCLEAR, "The key was enabled again meanwhile.", True)


async def test_a_key_that_is_accepted_counts_as_alive_when_its_record_cannot_be_read() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="ci", remain_quota=5)
    fake.arm(GatewayFault(kind="html", method="GET", path=f"/api/token/{key.id}", status=503, times=None))
    value = SecretStr(fake.key_value(key.id))
    trial = await try_once(client_of(fake), KeyId(key.id), {}, leaked=nothing_leaked, value=value)
    assert (trial.proof, trial.last) == (Revocation.ALIVE, False)
    trial = await try_once(client_of(fake), KeyId(key.id), {}, leaked=nothing_leaked)
    assert (trial.proof, trial.last) == (Revocation.UNCLEAR, False)


async def test_a_refused_access_token_is_named() -> None:
    fake = fake_gateway("upstream-g2")
    key = fake.add_key(name="ci", status=2)
    fake.arm(GatewayFault(kind="empty", status=401, lands=False, times=None))
    trial = await try_once(client_of(fake), KeyId(key.id), {}, leaked=nothing_leaked)
    assert (trial.proof, trial.last) == (Revocation.UNCLEAR, False)
    assert trial.why == "The gateway does not take our access token; an administrator must renew COMETAPI_ACCESS_TOKEN."


async def test_a_deleted_key_is_not_tried() -> None:
    trial = await try_once(client_of(fake_gateway()), KeyId(99), {}, leaked=nothing_leaked)
    assert (trial.proof, trial.last) == (Revocation.UNCLEAR, True)


@pytest.mark.parametrize(
    ("before", "proof", "last", "pause", "holds"),
    [
        ({}, Revocation.DEAD, False, None, {"tries": 1, "ended": True, "refused_at": 9.0}),
        ({}, Revocation.ALIVE, False, REVOCATION_DELAYS[0], {"tries": 1, "ended": False, "accepted_last": 9.0}),
        ({"tries": 1, "accepted_at": 5.0}, Revocation.ALIVE, False, REVOCATION_DELAYS[1], {"accepted_at": 5.0}),
        ({"tries": len(REVOCATION_DELAYS)}, Revocation.ALIVE, False, None, {"ended": True, "accepted_last": 9.0}),
        ({"tries": 1, "accepted_last": 5.0}, Revocation.UNCLEAR, False, REVOCATION_DELAYS[1], {"accepted_last": 5.0}),
        ({"tries": 1, "accepted_last": 5.0}, Revocation.UNCLEAR, True, None, {"ended": True, "accepted_last": None}),
    ],
)
def test_the_mark_says_what_is_known(
    before: dict[str, Any], proof: Revocation, last: bool, pause: float | None, holds: dict[str, Any]
) -> None:
    mark, found = marked(before, Trial(proof=proof, at=9.0, last=last))
    assert found == pause
    assert {name: mark.get(name) for name in holds} == holds


ALIVE, DEAD, UNCLEAR = (
    Trial(proof=Revocation.ALIVE, at=1.0),
    Trial(proof=Revocation.DEAD, at=2.0),
    Trial(proof=Revocation.UNCLEAR, at=3.0),
)


@pytest.mark.parametrize(
    ("trials", "accepted"),
    [
        ([], False),
        ([UNCLEAR], False),
        ([ALIVE], True),
        ([ALIVE, UNCLEAR], True),
        ([ALIVE, DEAD], False),
        ([ALIVE, Trial(proof=Revocation.UNCLEAR, at=3.0, last=True)], False),
    ],
)
def test_a_key_counts_as_accepted_until_a_clear_trial_says_otherwise(trials: list[Trial], accepted: bool) -> None:
    mark: dict[str, Any] = {}
    for trial in trials:
        mark, _ = marked(mark, trial)
    assert still_accepted(mark) is accepted


async def test_a_key_of_a_gateway_that_is_gone_from_the_settings_is_not_tried() -> None:
    gateways = Gateways({"default": client_of(fake_gateway())})
    gateways.number({"default": 0, "old": 1})
    trial = await try_once(gateways, KeyId(BLOCK + 7), {}, leaked=lambda _key_id: SecretStr("a leaked value"))
    assert (trial.proof, trial.last) == (Revocation.UNCLEAR, False)
    assert "old" in english(trial.why)


async def test_a_value_is_forgotten_when_the_key_is_refused() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="ci", status=2)
    client = client_of(fake)
    client.held.hold(key.id, SecretStr(fake.key_value(key.id)))
    trial = await try_once(client, KeyId(key.id), {}, leaked=nothing_leaked)
    assert (trial.proof, client.held.of_key(key.id)) == (Revocation.DEAD, None)


MASKED = ROW | {"key": "aB3d**********wXyZ", "status": 2}
TOO_MANY = httpx.Response(429)


@pytest.mark.parametrize(
    ("replies", "why", "last"),
    [
        ((yes(MASKED), no("not allowed")), "The gateway does not show its value.", True),
        (
            (yes(MASKED), lambda: TOO_MANY),
            "The gateway shows only a few values in 20 minutes, and the rest is kept for people.",
            False,
        ),
        ((lambda: TOO_MANY,), "The gateway limits how often keys are tried.", False),
    ],
)
async def test_why_the_value_is_not_at_hand_is_said(replies: tuple[Any, ...], why: str, last: bool) -> None:
    client, _ = answering(*replies)
    trial = await try_once(client, KeyId(5), {}, leaked=nothing_leaked)
    assert (trial.proof, trial.why, trial.last) == (Revocation.UNCLEAR, why, last)
