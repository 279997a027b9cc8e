"""The form to change a key: it shows the record as it was read, and a submission must change something."""

import pytest

from bot.errors import PermissionDenied
from bot.features.key_update.listeners import EXTENSION, KeyUpdateListeners, register
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
    assert router.names("view") == router.names("modal_action") == {"key.update"}
    assert router.names("action") == {"key.update", "key.update.again", "key.extend"}


async def test_the_form_of_extend_adds_30_days_to_the_end_or_to_now_and_is_judged(listener_desk: ListenerDesk) -> None:
    now = listener_desk.deps.reader.server_now()
    listeners = KeyUpdateListeners(listener_desk.deps)
    for ends, begins in ((now + 86_400, now + 86_400), (now - 86_400, now)):
        key = await listener_desk.owned(name=f"k{ends}", expired_time=int(ends))
        view = await listeners.extend(listener_desk.delivery(), ADA, key, "")
        [picker] = [block["element"] for block in view["blocks"] if block.get("block_id") == "expired_time_at"]
        assert abs(picker["initial_date_time"] - begins - EXTENSION) < 120
        assert "approval" in str(view) or "Granted" in str(view)
    forever = await listener_desk.owned(name="forever", expired_time=-1)
    assert "initial_date_time" not in str(await listeners.extend(listener_desk.delivery(), ADA, forever, ""))
