"""manifest.yml, what Slack is told of this app: where it is found and how it is read. Needs no setting."""

from pathlib import Path
from typing import Any

import yaml


def read_manifest() -> dict[str, Any]:
    """The parsed manifest: beside the package in a checkout, inside it when installed from a wheel."""
    inside = Path(__file__).parent
    for path in (inside.parent / "manifest.yml", inside / "manifest.yml"):
        if path.is_file():
            manifest: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
            return manifest
    raise FileNotFoundError("manifest.yml")
