"""The list of endpoints is true: each is there, and nothing else is."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keydesk_sandbox.fake_gateway import COVERAGE, routing


def test_the_list_names_every_route_and_no_other() -> None:
    assert COVERAGE.keys() == routing._ROUTES.keys()


@pytest.mark.parametrize(("method", "template"), sorted(COVERAGE))
async def test_every_listed_endpoint_answers(talk: Callable[..., Any], method: str, template: str) -> None:
    t = talk("cometapi" if template == "/api/user/self/stats" else "upstream")
    t.gateway.add_key(unlimited_quota=True)
    response = await t.send(method, template.replace("{id}", "101"), json={"ids": [101], "id": 101})
    assert response.status_code in (200, 400, 401)
    assert COVERAGE[(method, template)]


def test_the_fake_imports_nothing_of_the_bot() -> None:
    folder = Path(routing.__file__).parent
    for file in folder.glob("*.py"):
        assert not re.search(r"^\s*(from|import) bot\b", file.read_text(), re.MULTILINE), file.name
