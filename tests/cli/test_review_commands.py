"""`keydesk review …`: its arguments, its exit codes, and what the commands are given."""

import json
from pathlib import Path

import pytest

from bot.__main__ import main
from tests.cli.conftest import Captured

pytestmark = pytest.mark.usefixtures("log_as_before", "folder")


def test_without_a_database_each_says_so(capsys: Captured) -> None:
    for arguments in (["start"], ["status"], ["export", "1"]):
        assert main(["review", *arguments]) == 2
        assert "There is no database" in capsys.readouterr().err


def test_a_review_from_its_start_to_its_file(capsys: Captured, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["migrate"]) == 0
    assert main(["review", "status"]) == 1
    assert main(["review", "start"]) == 0
    assert main(["review", "start"]) == 1
    assert "Review 1 is open already" in capsys.readouterr().out
    assert main(["review", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "wanted"
    assert main(["review", "status", "1"]) == 0
    assert main(["review", "export", "1"]) == 1
    assert "it has not begun" in capsys.readouterr().err
    (folder / "file.json").write_text("{}", encoding="utf-8")
    assert main(["review", "verify", "file.json"]) == 2
    assert "SLACK_SIGNING_SECRET is needed" in capsys.readouterr().err
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef")
    assert main(["review", "verify", "file.json"]) == 1
    assert main(["review", "verify", "file.json", "--record"]) == 1
    assert main(["review", "verify", "none.json"]) == 2


@pytest.mark.parametrize("arguments", [["review"], ["review", "export"], ["review", "export", "x"], ["review", "stop"]])
def test_wrong_arguments_end_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
