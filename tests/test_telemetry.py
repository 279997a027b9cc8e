"""Traces: spans nest as the work does, hold no text of people, and cost nothing when there is no exporter."""

import asyncio
import sys
import threading

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.errors import ConfigurationError
from bot.telemetry import Telemetry, configured


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(exporter: InMemorySpanExporter) -> Telemetry:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Telemetry(provider.get_tracer("test"), provider.shutdown)


async def test_a_job_is_a_span_and_each_of_its_calls_one_below(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    async def job(argument: str) -> str:
        telemetry.called("gateway: reading key", "ok", 0.25)
        return argument

    with telemetry.span("slack action"):
        assert await telemetry.traced("run", job)("12") == "12"
    call, inner, outer = exporter.get_finished_spans()
    assert [span.name for span in (call, inner, outer)] == ["gateway: reading key", "job run", "slack action"]
    assert call.parent is not None
    assert inner.parent is not None
    assert (call.parent.span_id, inner.parent.span_id) == (inner.context.span_id, outer.context.span_id)
    assert dict(call.attributes or {}) == {"outcome": "ok"}
    assert (call.end_time or 0) - (call.start_time or 0) == 250_000_000


async def test_a_failed_job_leaves_no_text_of_its_error(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    async def job(_argument: str) -> None:
        raise ValueError("sk-something")

    with pytest.raises(ValueError, match="sk-something"):
        await telemetry.traced("run", job)("12")
    assert "sk-something" not in exporter.get_finished_spans()[0].to_json()


async def test_without_an_exporter_a_job_is_handed_back_as_it_is() -> None:
    async def job(_argument: str) -> None:
        return None

    telemetry = configured(None, version="1")
    assert telemetry.traced("run", job) is job
    with telemetry.span("x"):
        telemetry.called("y", "ok", 0.0)
    await telemetry.close()


def test_missing_packages_are_a_setting_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"keydesk\[telemetry\]"):
        configured("http://127.0.0.1:4318", version="1")


async def test_the_loop_goes_on_while_what_waits_is_sent_at_the_end() -> None:
    going_on = threading.Event()
    asyncio.get_running_loop().call_later(0.01, going_on.set)
    seen: list[bool] = []
    await Telemetry(shut_down=lambda: seen.append(going_on.wait(30))).close()
    assert seen == [True]
