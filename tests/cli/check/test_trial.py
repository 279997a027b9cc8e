"""`keydesk check --try`: the answers of each kind of gateway, and nothing is left behind."""

import io
from typing import Any

import pytest

from bot.cli.check import trial
from bot.cli.check.report import Report
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.gateway.kit import client_of, fake_gateway

PLAIN, ONLY = "does a plain PUT change the status?", "does a PUT with status_only?"


async def answers(**how: Any) -> tuple[dict[str, str], list[str], FakeGateway]:
    profile = str(how.pop("profile", "cometapi"))
    fake = fake_gateway(profile, **how)
    fake.add_key(name="somebody's")
    out = io.StringIO()
    client = client_of(fake)
    await trial.run(Report(out=out, secrets=[]), client)
    await client.aclose()
    lines = out.getvalue().splitlines()
    told = dict(line.partition("try: ")[2].split("? ", 1) for line in lines if "? " in line)
    return {question + "?": answer for question, answer in told.items()}, lines, fake


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, {PLAIN: "no", ONLY: "yes", "are values masked in lists?": "no"}),
        ({"plain_status": True}, {PLAIN: "yes", ONLY: "yes"}),
        ({"status_only": False}, {PLAIN: "no", ONLY: "no"}),
        ({"create_returns_data": True}, {"does a create tell the key's number?": "yes"}),
        (
            {"profile": "upstream-g2"},
            {
                "are values masked in lists?": "yes",
                "can a value be had after the create?": "yes, by the reveal endpoint",
                "does it take a name of 50 characters and 100 bytes?": "no, it counts bytes",
            },
        ),
        ({"ignored_fields": ("allow_ips",)}, {"are model limits stored?": "yes"}),
        ({}, {"is a key that is disabled or has no quota refused?": "yes"}),
    ],
)
async def test_each_question_gets_the_gateways_answer(how: dict[str, Any], expected: dict[str, str]) -> None:
    told, _, fake = await answers(**how)
    assert {question: told[question] for question in expected} == expected
    (left,) = fake.keys()
    assert left.name == "somebody's"


async def test_a_key_that_cannot_be_made_is_said() -> None:
    _, lines, fake = await answers(max_keys=1)
    assert lines[0].startswith("FAIL  try: the throw-away key keydesk-check-")
    assert len(fake.keys()) == 1


async def test_a_gateway_that_stores_nothing_is_said() -> None:
    _, lines, _ = await answers(profile="sibling")
    assert any("the throw-away key" in line or "has no key" in line or "deleted" in line for line in lines)


async def test_no_value_is_printed() -> None:
    _, lines, fake = await answers()
    deleted = next(key for key in fake.keys(deleted=True) if key.name != "somebody's")
    assert fake.key_value(deleted.id).removeprefix("sk-") not in "\n".join(lines)
