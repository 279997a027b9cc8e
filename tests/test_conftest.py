"""The limits of the tests themselves."""

import pytest

from tests.conftest import SOAK_SECONDS, pytest_collection_modifyitems


class OneTest(pytest.Item):
    """A test with a limit in its module or beside its name."""

    def runtest(self) -> None:
        """Never run."""


@pytest.mark.parametrize(("mark", "limit"), [("soak", SOAK_SECONDS), ("postgres", 5)])
def test_only_a_soak_test_takes_longer_than_its_neighbours(
    request: pytest.FixtureRequest, mark: str, limit: int
) -> None:
    test = OneTest.from_parent(request.session, name="test")
    test.add_marker(pytest.mark.timeout(5))
    test.add_marker(mark)
    pytest_collection_modifyitems([test])
    found = test.get_closest_marker("timeout")
    assert found is not None
    assert found.args == (limit,)
