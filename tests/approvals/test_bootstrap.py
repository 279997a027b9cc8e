"""The spine as services.py gets it: every job that a stored row may wait for runs, under the name in the rows."""

from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]


async def test_every_durable_job_of_a_request_has_its_runner(http_desk: Desk) -> None:
    jobs = http_desk.app.approvals.jobs()
    assert set(jobs) == {"run", "lapse", "remind", "redraw", "approvers", "call", "probe", "retire", "acceptance"}
