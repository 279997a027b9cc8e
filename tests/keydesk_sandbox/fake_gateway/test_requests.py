"""The request log names secrets by their kind and place, and holds none."""

from collections.abc import Iterator
from typing import Any

from keydesk_sandbox.fake_gateway.requests import describe
from keydesk_sandbox.fake_gateway.wire import HttpCall

PAT, CORE = "thePersonalAccessToken", "A" * 48


def known(text: str) -> Iterator[tuple[str, str]]:
    if PAT in text:
        yield PAT, "pat"


def call(**changes: Any) -> HttpCall:
    values = {"method": "GET", "path": "/api/token/", "query": "", "headers": {}, "body": b"", "client_ip": "1.1.1.1"}
    return HttpCall(**{**values, "host": "g.test", **changes})


def test_a_known_secret_is_replaced_and_told_by_its_place() -> None:
    logged = describe(call(headers={"authorization": PAT}, body=f'"{PAT}"'.encode()), secrets_in=known, at=1.0)
    assert PAT not in str(logged)
    assert logged.headers["authorization"] == "<pat>"
    assert set(logged.secrets) == {"authorization: pat", "body: pat"}


def test_what_looks_like_a_key_is_taken_out_though_nobody_knows_it() -> None:
    logged = describe(call(query=f"q=sk-{CORE}"), secrets_in=known, at=1.0)
    assert (logged.query, logged.secrets) == ("q=<unknown key>", ("query: unknown key",))


def test_an_unknown_token_is_not_kept_either() -> None:
    logged = describe(call(headers={"authorization": "guess"}), secrets_in=known, at=1.0)
    assert (logged.headers["authorization"], logged.secrets) == ("<unknown>", ("authorization: unknown",))
