"""One set of root certificates, which every client of ours verifies with."""

import ast
import ssl
from pathlib import Path

import bot
from bot.root_certificates import root_certificates

CLIENTS = {"httpx.AsyncClient", "httpx.Client", "httpx.get", "httpx.post"}


def test_they_are_read_once_and_verified_with() -> None:
    context = root_certificates()
    assert root_certificates() is context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_every_client_verifies_with_them() -> None:
    made = []
    for path in Path(bot.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in CLIENTS:
                given = {one.arg: ast.unparse(one.value) for one in node.keywords}
                made.append((path.name, given.get("verify")))
    assert len(made) >= 6
    assert [name for name, verify in made if verify != "root_certificates()"] == []
