"""OpenTelemetry traces, when an exporter is configured; otherwise nothing at all, not even an import.

One span per delivery and per durable job, and under it one per call to the gateway and to Slack. A span says what kind
of thing it was and how it ended: no text that people typed, no name of a key, no value.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.errors import ConfigurationError

T = TypeVar("T")
_NO_SPAN: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
_MISSING = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the OpenTelemetry packages are not installed; "
    "add them with: pip install 'keydesk[telemetry]'"
)


@dataclass(frozen=True)
class Telemetry:
    """`span` wraps work; `traced` wraps a job. Without a tracer both cost one `if`."""

    tracer: Any = None
    shut_down: Callable[[], None] | None = None

    def span(self, name: str) -> contextlib.AbstractContextManager[object]:
        """The enclosed work as a span, a child of the one around it."""
        if self.tracer is None:
            return _NO_SPAN
        # Neither the exception nor its text: what people typed may be in it.
        span: contextlib.AbstractContextManager[object] = self.tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        )
        return span

    def called(self, name: str, outcome: str, seconds: float) -> None:
        """A call that has just ended after `seconds`, as a span, a child of the one around it."""
        if self.tracer is not None:
            end = time.time_ns()
            begun = end - int(seconds * 1e9)
            self.tracer.start_span(name, start_time=begun, attributes={"outcome": outcome}).end(end)

    def traced(self, name: str, job: Callable[[str], Awaitable[T]]) -> Callable[[str], Awaitable[T]]:
        """The same job, each run in a span of its own."""
        if self.tracer is None:
            return job

        async def run(argument: str) -> T:
            with self.span(f"job {name}"):
                return await job(argument)

        return run

    async def close(self) -> None:
        """Send what waits, at most for the exporter's own time-out. In a thread: the loop has other things to end."""
        if self.shut_down is not None:
            await asyncio.to_thread(self.shut_down)


def configured(endpoint: str | None, *, version: str) -> Telemetry:
    """Traces to an OTLP/HTTP endpoint, or nothing. Raises ConfigurationError when the packages are not there."""
    if endpoint is None:
        return Telemetry()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError([_MISSING]) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "keydesk", "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")))
    return Telemetry(provider.get_tracer("keydesk"), provider.shutdown)
