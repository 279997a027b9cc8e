"""One set of root certificates, which every client of ours verifies with."""

import ast
import ssl
from pathlib import Path

import certifi
import pytest

import bot
from bot.root_certificates import root_certificates

CLIENTS = {"httpx.AsyncClient", "httpx.Client", "httpx.get", "httpx.post"}


def test_they_are_read_once_and_verified_with() -> None:
    context = root_certificates()
    assert root_certificates() is context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_machine_without_any_uses_those_of_httpx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    read: list[str | None] = []
    monkeypatch.setattr(ssl, "create_default_context", lambda *, cafile: read.append(cafile))
    root_certificates.__wrapped__()
    assert read == [certifi.where()]
    (tmp_path / "0a1b2c3d.0").write_text("a company's own", encoding="utf-8")
    root_certificates.__wrapped__()
    assert read[1:] == [None]


def test_every_client_verifies_with_them() -> None:
    made = []
    for path in Path(bot.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in CLIENTS:
                given = {one.arg: ast.unparse(one.value) for one in node.keywords}
                made.append((path.name, given.get("verify")))
    assert len(made) >= 6
    assert [name for name, verify in made if verify != "root_certificates()"] == []
