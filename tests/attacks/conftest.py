"""The attacks take as long as half of all other tests, so `make test` leaves them out and `make coverage`, and so CI, runs
them: `make attacks` for a person.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them; what measures time stays in `make test`, since nothing is measured while lines are counted."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timed") is None:
            item.add_marker("thorough")
