import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tools import browser


def test_what_is_installed_is_said_before_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said_before = []

    def run(command: list[str], **_options: Any) -> None:
        said_before.append((command[1], capsys.readouterr().err))

    monkeypatch.setattr(browser, "find_chromium", lambda: None)
    monkeypatch.setattr(browser, "_can_install", lambda: True)
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setattr(subprocess, "run", run)
    assert browser.main() == 1
    assert [word for word, _ in said_before] == ["update", "install"]
    assert "apt-get installs chromium and fonts-noto-color-emoji on this machine now" in said_before[0][1]


def test_a_browser_that_is_there_is_found_and_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chromium = tmp_path / "chromium"
    chromium.write_text("#!/bin/sh\n")
    chromium.chmod(0o755)
    monkeypatch.setenv("CHROMIUM_PATH", str(chromium))
    monkeypatch.setattr(subprocess, "run", None)
    assert browser.main() == 0
    assert capsys.readouterr() == (f"{chromium}\n", "")


def test_a_chosen_browser_that_is_not_there_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHROMIUM_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(subprocess, "run", None)
    assert browser.main() == 1
    assert "CHROMIUM_PATH" in capsys.readouterr().err


def test_only_root_installs_and_only_where_there_is_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _command: None)
    assert not browser._can_install()
    monkeypatch.setattr(shutil, "which", lambda command: f"/usr/bin/{command}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not browser._can_install()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert browser._can_install() is (sys.platform != "win32")
