"""The form to change a key: it shows the record as it was read, and a submission must change something."""

import pytest

from bot.errors import PermissionDenied
from bot.features.key_update.listeners import KeyUpdateListeners, register
from bot.slack.delivery import Kind
from bot.slack.router import Router
from tests.approvals.kit import ADA
from tests.features.desk import ListenerDesk


async def test_the_form_shows_the_record_and_never_the_value(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned(allow_ips="203.0.113.7", model_limits="gpt-4o", model_limits_enabled=True)
    view = str(await KeyUpdateListeners(listener_desk.deps).build(listener_desk.delivery(), ADA, key, ""))
    for text in ("search", "203.0.113.7", "gpt-4o", key.last_four):
        assert text in view
    assert listener_desk.gateway.key_value(key.id) not in view


async def test_a_submission_of_somebody_without_a_right_is_refused_before_it_is_read(
    listener_desk: ListenerDesk,
) -> None:
    delivery = listener_desk.delivery("U0NOBODY", Kind.VIEW_SUBMISSION, payload={"view": {"id": "V1"}})
    with pytest.raises(PermissionDenied):
        await KeyUpdateListeners(listener_desk.deps).submit(delivery)
    assert (await listener_desk.spine.facts(), listener_desk.gateway.requests) == (["refused"], [])


def test_every_way_in_is_named(listener_desk: ListenerDesk) -> None:
    router = Router()
    register(router, listener_desk.deps)
    assert router.names("command") == {"edit"}
    assert router.names("action") == router.names("view") == router.names("modal_action") == {"key.update"}
