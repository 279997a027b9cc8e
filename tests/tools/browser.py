"""Finds a Chromium for the browser tests, or installs Debian's. Knows nothing of the project.

`python tests/tools/browser.py` prints the path of a Chromium. It looks at CHROMIUM_PATH, at the usual
command names, at the usual macOS places and at what `playwright install` left behind. If there is none,
it installs Debian's package when it may (Debian or Ubuntu, as root), and otherwise says what to install
and exits 1.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
PLAYWRIGHT_BINARIES = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium",
    "chromium_headless_shell-*/chrome-*/*headless*shell",
)
PACKAGES = ("chromium", "fonts-noto-color-emoji")

# For a headless run as root in a container, without the browser's own traffic. Playwright makes the
# empty profile folder itself; whoever starts Chromium by hand adds --user-data-dir with a fresh one.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

ADVICE = """\
No Chromium found, and the browser tests need one. Any of these will do:
  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends chromium fonts-noto-color-emoji
  Fedora           sudo dnf install chromium
  macOS            brew install --cask chromium      (or Google Chrome in /Applications)
  anywhere         .venv/bin/python -m playwright install chromium
If it lives somewhere else, set CHROMIUM_PATH to the program. To leave the browser tests out: ARGS='-m "not browser"'."""


def _candidates() -> Iterator[str]:
    yield from (path for command in COMMANDS if (path := shutil.which(command)))
    yield from MACOS
    caches = [Path(cache).expanduser() for cache in PLAYWRIGHT_CACHES]
    if chosen := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):  # noqa: TID251 - a tool of the tests, not the bot
        caches.insert(0, Path(chosen))
    for cache in caches:
        for pattern in PLAYWRIGHT_BINARIES:
            yield from sorted((str(path) for path in cache.glob(pattern)), reverse=True)


def find_chromium() -> str | None:
    """Path of a Chromium that can be started, or None. CHROMIUM_PATH, if set, is the only place looked at."""
    chosen = os.environ.get("CHROMIUM_PATH")  # noqa: TID251 - a tool of the tests, not the bot
    for candidate in [chosen] if chosen else _candidates():
        if os.access(candidate, os.X_OK) and Path(candidate).is_file():
            return candidate
    return None


def _can_install() -> bool:
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def _install() -> None:
    """Debian's package, quietly; what apt says goes to standard error, so that standard output stays a path."""
    print(f"No Chromium found; apt-get installs {' and '.join(PACKAGES)} on this machine now.", file=sys.stderr)  # noqa: T201 - a script
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}  # noqa: TID251 - handed on to apt
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", *command], check=True, stdout=sys.stderr, env=environment)


def main() -> int:
    """Print the path and return 0, or print what to do and return 1."""
    path = find_chromium()
    if path is None and _can_install() and not os.environ.get("CHROMIUM_PATH"):  # noqa: TID251 - as above
        try:
            _install()
        except subprocess.CalledProcessError as error:
            print(f"apt-get could not install Chromium (exit code {error.returncode}).", file=sys.stderr)  # noqa: T201 - a script
        path = find_chromium()
    print(path or ADVICE, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    raise SystemExit(main())
