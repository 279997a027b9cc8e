"""Killed at every point where it waits for something outside itself: one effect, one confirmation, a whole record.

Each run starts processes of its own, so `make test` runs a small sample of one flow, `make thorough` one of a batch on
PostgreSQL, and `make soak` every point of every flow.
"""

from pathlib import Path

import pytest

from tests.crash.batch_flow import BATCH, KEYS
from tests.crash.budget_flow import BUDGETED
from tests.crash.flows import FLOWS as SINGLE
from tests.crash.house import Nursery
from tests.crash.matrix import NewDatabase, matrix, report

SAMPLE = 5
# In `make thorough`: moments at which the process is killed or frozen inside a batch.
BATCH_SAMPLE = 3
FLOWS = {**SINGLE, BATCH.name: BATCH, BUDGETED.name: BUDGETED}


@pytest.mark.timeout(600)
async def test_a_sample_of_deaths_while_a_key_is_asked_for_and_approved(
    tmp_path: Path, new_sqlite: NewDatabase, nursery: Nursery
) -> None:
    runs = await matrix(
        FLOWS["create-approved"], folder=tmp_path, new_database=new_sqlite, nursery=nursery, sample=SAMPLE
    )
    found = report("create-approved", runs)
    assert not any(run.problems or run.doubled_posts for run in runs), found
    assert len(runs[0].points) > 60, found
    assert sum(run.died for run in runs) > SAMPLE // 2, found


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kind",
    [
        # The sample above is killed on SQLite, this one on PostgreSQL.
        pytest.param("killed-sqlite", marks=pytest.mark.soak),
        pytest.param("killed-postgresql", marks=pytest.mark.postgres),
        pytest.param("frozen-postgresql", marks=pytest.mark.postgres),
    ],
)
async def test_a_sample_of_deaths_and_frosts_inside_a_batch(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery
) -> None:
    """At its writes: every key is disabled once, and who wakes up writes nothing late.

    Frozen with a write's connection just made: all was looked at, and no byte has left.
    """
    make = request.getfixturevalue("new_sqlite" if kind == "killed-sqlite" else "new_postgres")
    freeze = kind.startswith("frozen")
    runs = await matrix(
        BATCH,
        folder=tmp_path,
        new_database=make,
        nursery=nursery,
        freeze=freeze,
        only="gateway PUT /api/token/ connection after" if freeze else "gateway PUT",
        sample=BATCH_SAMPLE,
        at_once=2,
        slow_gateway=freeze,
    )
    found = report(f"batch, {kind}", runs)
    assert not any(run.problems or run.doubled_posts for run in runs), found
    assert sum("gateway PUT" in point for point in runs[0].points) >= 2 * KEYS, found
    assert sum(run.died for run in runs) > BATCH_SAMPLE // 2, found


@pytest.mark.soak
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize(
    "kind",
    [
        "killed-sqlite",
        pytest.param("killed-postgresql", marks=pytest.mark.postgres),
        pytest.param("frozen-postgresql", marks=pytest.mark.postgres),
    ],
)
async def test_every_death_and_every_frost_of_every_operation(
    flow: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery
) -> None:
    make = request.getfixturevalue("new_sqlite" if kind == "killed-sqlite" else "new_postgres")
    freeze = kind.startswith("frozen")
    runs = await matrix(FLOWS[flow], folder=tmp_path, new_database=make, nursery=nursery, freeze=freeze, at_once=2)
    found = report(f"{flow}, {kind}", runs)
    print(f"\n{found}")  # noqa: T201  # the table for docs/resilience.md
    assert not any(run.problems or run.doubled_posts for run in runs), found
