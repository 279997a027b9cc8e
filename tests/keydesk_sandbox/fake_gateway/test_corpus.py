"""The corpus of requests and answers, replayed against each profile; and each profile is told apart from the others by it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from keydesk_sandbox.fake_gateway import PROFILES, FakeGateway, HttpCall
from tests.keydesk_sandbox.fake_gateway.talk import PAT

FILES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "corpus").glob("*.yml"))
}
CASES = [
    (profile, case)
    for content in FILES.values()
    for profile in content["profiles"]
    for case in content["cases"]
]  # fmt: skip
OF_ONE = {content["profiles"][0]: content["cases"] for content in FILES.values() if len(content["profiles"]) == 1}


class Replay:
    """One case on one fake gateway."""

    def __init__(self, profile: str, case: dict[str, Any]) -> None:
        self.gateway = FakeGateway(access_token=PAT, profile=profile)
        for name, value in case.get("switches", {}).items():
            self.gateway.switch(name, tuple(value) if isinstance(value, list) else value)
        for name, value in case.get("account", {}).items():
            setattr(self.gateway.account, name, value)
        for fields in case.get("keys", []):
            self.gateway.add_key(**fields)

    def run(self, case: dict[str, Any]) -> None:
        for step in case["steps"]:
            for _ in range(step.get("repeat", 1)):
                if "advance" in step:
                    self.gateway.advance(step["advance"])
                else:
                    self.send(step)
            for key_id, fields in step.get("stored", {}).items():
                record = self.gateway.key(key_id)
                assert {name: getattr(record, name) for name in fields} == fields, step

    def filled(self, text: str) -> str:
        return re.sub(r"\{key(\d+)\}", lambda found: self.gateway.key_value(int(found[1])), text.replace("{pat}", PAT))

    def send(self, step: dict[str, Any]) -> None:
        method, target = step["send"].split(" ", 1)
        path, _, query = target.partition("?")
        headers = {"new-api-user": "1"} | {name: self.filled(text) for name, text in step.get("with", {}).items()}
        if step.get("as", "{pat}") is not None:
            headers["authorization"] = self.filled(step.get("as", "{pat}"))
        body = (
            step["raw"]
            if "raw" in step
            else json.dumps({"ids": list(range(step["ids"]))} if "ids" in step else step.get("body", {}))
        )
        reply = self.gateway.exchange(
            HttpCall(method=method, path=path, query=query, headers=headers, body=body.encode())
        ).reply
        assert reply is not None
        if "status" in step:
            assert reply.status == step["status"], (step, reply.body)
        if "size" in step:
            assert len(reply.body) == step["size"], step
        answered = {name.lower(): value for name, value in reply.headers} | {"content-type": reply.content_type}
        for name, wanted in step.get("headers", {}).items():
            assert fits(wanted, answered.get(name)), (step, answered)
        if "json" in step:
            assert fits(step["json"], reply.json()), (step, reply.body.decode())
        for dotted in step.get("absent", []):
            *outer, last = dotted.split(".")
            found = reply.json()
            for name in outer:
                found = found[name]
            assert last not in found, (step, found)


def fits(wanted: Any, found: Any) -> bool:
    """Objects hold at least what is wanted, arrays item by item, `re:` and `count:` as the corpus' README says."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in found and fits(value, found[name]) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(fits, wanted, found))
    if isinstance(wanted, str) and wanted.startswith("count:"):
        return isinstance(found, list) and len(found) == int(wanted[6:])
    if isinstance(wanted, str) and wanted.startswith("re:"):
        return isinstance(found, str) and re.fullmatch(wanted[3:], found) is not None
    return type(wanted) is type(found) and bool(wanted == found)


@pytest.mark.parametrize(("profile", "case"), CASES, ids=[f"{profile}-{case['name']}" for profile, case in CASES])
def test_a_profile_answers_as_recorded(profile: str, case: dict[str, Any]) -> None:
    Replay(profile, case).run(case)


PAIRS = [(one, other) for one in sorted(OF_ONE) for other in sorted(OF_ONE) if one != other]


@pytest.mark.parametrize(("profile", "other"), PAIRS)
def test_the_cases_of_one_profile_do_not_all_hold_on_another(profile: str, other: str) -> None:
    differences = 0
    for case in OF_ONE[profile]:
        try:
            Replay(other, case).run(case)
        except AssertionError:
            differences += 1
    assert differences


def test_every_profile_has_cases_of_its_own() -> None:
    assert OF_ONE.keys() == PROFILES.keys() - {"upstream"}  # another name of G2
