"""The commands and their arguments."""

import json

import pytest

from bot import __version__
from bot.__main__ import main
from keydesk_sandbox.world import World
from tests.cli.conftest import Captured

pytestmark = pytest.mark.usefixtures("log_as_before", "folder")


def test_help_lists_the_commands_of_the_product(capsys: Captured) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().out
    for name in ("serve", "work", "sandbox", "migrate", "check", "policy", "audit"):
        assert f"\n    {name} " in shown
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"keydesk {__version__}\n"


def test_work_beside_sqlite_is_refused(capsys: Captured, world: World, live: None) -> None:
    assert main(["work"]) == 2
    assert capsys.readouterr().err.startswith("`work` beside `serve` needs PostgreSQL")
    assert main(["serve", "--no-worker"]) == 2
    told = "`serve --no-worker` leaves the work to `keydesk work`, which needs PostgreSQL: SQLite is for one process. "
    assert capsys.readouterr().err == told + "Use `serve` alone.\n"


def test_the_sandbox_has_known_kinds_of_gateways(capsys: Captured) -> None:
    assert main(["sandbox", "--no-open", "--profile", "nothing"]) == 2
    assert capsys.readouterr().err.startswith("--profile nothing: no profile 'nothing'; there are cometapi, ")


def test_migrate_says_what_it_did(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///new.sqlite")
    assert main(["audit", "verify"]) == 2
    assert "There is no database new.sqlite yet" in capsys.readouterr().err
    assert main(["migrate"]) == 0
    assert "applied 0001_requests\n" in capsys.readouterr().out
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out == "nothing to do: the database is up to date\n"
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out == "ok: 0 lines\n"
    assert main(["audit", "export"]) == 0
    assert json.loads(capsys.readouterr().out)["head"]["count"] == 0


def test_check_without_any_setting_says_what_is_missing(capsys: Captured) -> None:
    assert main(["check"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("FAIL  settings: SLACK_BOT_TOKEN is missing. ")
    assert shown.err == ""
