"""The attacks take as long as half of all other tests, so they are thorough: `make coverage`, and so CI, runs them, and
`make attacks` for a person.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("thorough")
