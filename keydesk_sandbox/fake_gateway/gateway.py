"""The fake gateway: holds the state, takes calls, and has the methods by which tests control it.

Speaks wire and plain values; imports nothing of the bot. `server.py` and `transport.py` carry its answers.
"""

import gzip
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from email.utils import formatdate
from typing import Any

import httpx
from starlette.applications import Starlette

from . import models_side, paid_calls, routing
from .clock import Clock
from .faults import Armed, GatewayFault, HttpDelivery, deliver
from .paid_calls import PaidCall
from .records import Record
from .requests import describe
from .server import asgi_app
from .state import AccountRow, GatewayState
from .switches import GatewaySwitches, Profile, profile_named
from .transport import InProcessTransport
from .wire import HttpCall, HttpReply, LoggedCall

_LOG_LENGTH = 10_000  # a sandbox may run for days
_SHORTEST_PAT = 8
EMPTY_GZIP = bytes.fromhex("1f8b08000000000000ff010000ffff0000000000000000")  # 23 bytes, as Go writes it
EVENTS = ("request", "row_read", "answer")
Callback = Callable[[HttpCall], object]


@dataclass(kw_only=True)
class _Hook:
    event: str
    callback: Callback
    method: str | None
    path: str | None
    times: int | None

    def fits(self, event: str, call: HttpCall) -> bool:
        path_fits = self.path is None or re.fullmatch(self.path, call.path) is not None
        return event == self.event and self.method in (None, call.method) and path_fits


class FakeGateway:
    """A stateful key-management gateway (gateway-api.md, section 19).

    `requests` is the request log, `account` the owner of the PAT, `clock` the clock that everything goes by.
    """

    def __init__(
        self,
        *,
        access_token: str,
        seed: int = 1,
        profile: Profile | str = "cometapi",
        clock: Clock | None = None,
        user_id: int = 1,
    ) -> None:
        if len(access_token) < _SHORTEST_PAT:
            raise ValueError("the access token is too short to be told from other words in the request log")
        chosen = profile_named(profile) if isinstance(profile, str) else profile
        self.profile = chosen.name
        self.clock = clock or Clock()
        self._state = GatewayState(
            clock=self.clock, switches=chosen.switches, account=AccountRow(id=user_id), pat=access_token, seed=seed
        )
        self._state.hook = self._fire
        self._hooks: list[_Hook] = []
        self._armed = Armed()
        self.requests: list[LoggedCall] = []
        self.app: Starlette = asgi_app(self.exchange, self.clock)

    # the wire

    def transport(self, *, client_ip: str = "127.0.0.1") -> httpx.AsyncBaseTransport:
        """For `httpx.AsyncClient(transport=…)`: cuts become RemoteProtocolError, hangs ReadTimeout."""
        return InProcessTransport(exchange=self.exchange, clock=self.clock, client_ip=client_ip)

    def exchange(self, call: HttpCall) -> HttpDelivery:
        """Take one call: log it, let it land or not, and say how the answer goes out."""
        self.settle()
        seen = describe(call, secrets_in=self._state.secrets_in, at=self.clock.now())
        self._log(seen)
        self._state.new_request_id()
        self._fire("request", call)
        fault = self._armed.strike(call)
        delivery = deliver(fault, self._land(fault, call), call)
        self._fire("answer", call)
        seen.note = fault.kind if fault else ""
        seen.landed = fault.landing() if fault else "now"
        if delivery.reply is not None:
            seen.status = delivery.reply.status
        return self._dressed(delivery, call)

    def _land(self, fault: GatewayFault | None, call: HttpCall) -> HttpReply | None:
        landing = fault.landing() if fault else "now"
        if fault is not None and landing in ("late", "now and late"):
            self._state.later.append((self.clock.now() + fault.delay, lambda: routing.answer(self._state, call)))
        if landing in ("never", "late"):
            return None
        reply = routing.answer(self._state, call)
        return routing.answer(self._state, call) if landing == "twice" else reply

    def _log(self, seen: LoggedCall) -> None:
        self.requests.append(seen)
        if len(self.requests) > 2 * _LOG_LENGTH:
            del self.requests[:_LOG_LENGTH]

    def settle(self) -> None:
        """Do what was due by now: late writes, late charges. Called by itself before anything is looked at."""
        now = self.clock.now()
        later = self._state.later
        due = sorted((item for item in later if item[0] <= now), key=lambda item: item[0])
        self._state.later = [item for item in later if item[0] > now]
        for _at, work in due:
            work()

    def _dressed(self, delivery: HttpDelivery, call: HttpCall) -> HttpDelivery:
        """Add what the gateway's own server puts on an answer: date, request id, gzip if asked."""
        reply = delivery.reply
        if reply is None:
            return delivery
        state = self._state
        headers = [("Date", formatdate(self.clock.now(), usegmt=True))]
        if state.switches.version_header:
            headers.append(("X-New-Api-Version", state.switches.version_header))
        if reply.status not in (301, 307):
            headers.append((state.switches.request_id_header, state.request_id))
        encoded = any(name == "Content-Encoding" for name, _value in reply.headers)
        if routing.gzips(call, reply) and not encoded:
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
            kind = reply.content_type if reply.body else ""
            packed = gzip.compress(reply.body, compresslevel=1, mtime=0) if reply.body else EMPTY_GZIP
            reply = replace(reply, body=packed, content_type=kind)
        return replace(delivery, reply=replace(reply, headers=(*reply.headers, *headers)))

    # control

    @property
    def account(self) -> AccountRow:
        """The owner of the PAT; change it as you like."""
        return self._state.account

    @property
    def switches(self) -> GatewaySwitches:
        return self._state.switches

    @property
    def faults(self) -> tuple[GatewayFault, ...]:
        """What is armed and has not struck yet."""
        return tuple(self._armed.faults)

    @property
    def access_token(self) -> str:
        """The PAT that is good now; not the one given at first, if somebody had it replaced."""
        return self._state.pat

    @property
    def pat_replacements(self) -> int:
        """How often `GET /api/user/token` was called with success; a careful client keeps this at 0."""
        return len(self._state.old_pats)

    def switch(self, name: str, value: Any) -> None:
        """Change one answer of the deployment; ValueError names the switches there are."""
        known = [one.name for one in fields(GatewaySwitches)]
        if name not in known:
            raise ValueError(f"no switch {name!r}; there are {', '.join(known)}")
        self._state.switches = replace(self._state.switches, **{name: value})

    def advance(self, seconds: float) -> None:
        """Move the clock ahead and do what became due."""
        self.clock.advance(seconds)
        self.settle()

    def arm(self, fault: GatewayFault | str, **options: Any) -> GatewayFault:
        """Arm a fault, or one made from a kind and the options of `GatewayFault`."""
        armed = GatewayFault(kind=fault, **options) if isinstance(fault, str) else fault
        self._armed.faults.append(armed)
        return armed

    def disarm(self) -> None:
        """Forget every fault that is armed. What already landed late still comes."""
        self._armed.faults.clear()

    def on(
        self,
        event: str,
        callback: Callback,
        *,
        method: str | None = None,
        path: str | None = None,
        times: int | None = 1,
    ) -> None:
        """Call back at the next matching moment, `times` times (None: always).

        `request`: arrived, nothing done. `row_read`: an update has read its row and not yet written it.
        `answer`: the work is done, the client has not heard. `path` is a regular expression for the whole path.
        """
        if event not in EVENTS:
            raise ValueError(f"no event {event!r}; there are {', '.join(EVENTS)}")
        self._hooks.append(_Hook(event=event, callback=callback, method=method, path=path, times=times))

    def _fire(self, event: str, call: HttpCall) -> None:
        ready = [hook for hook in self._hooks if hook.fits(event, call)]
        for hook in ready:
            hook.times = None if hook.times is None else hook.times - 1
        self._hooks = [hook for hook in self._hooks if hook.times != 0]
        for hook in ready:
            hook.callback(call)

    # keys, changed as by the gateway's console or by model calls

    def add_key(self, *, user_id: int | None = None, **settings: Any) -> Record:
        """A key made elsewhere; `settings` are fields of Record, `user_id` may be somebody else's."""
        owner = self.account.id if user_id is None else user_id
        return replace(self._state.store.add(user_id=owner, now=self.clock.now(), **settings))

    def keys(self, *, deleted: bool = False, user_id: int | None = None) -> list[Record]:
        """Copies of an account's rows, newest first; with `deleted` also those that are gone."""
        self.settle()
        owner = self.account.id if user_id is None else user_id
        rows = self._state.store.newest_first()
        return [replace(row) for row in rows if row.user_id == owner and (deleted or row.deleted_at is None)]

    def key(self, key_id: int) -> Record:
        """A copy of one row, deleted or not; KeyError if there never was one."""
        self.settle()
        return replace(self._state.store.row(key_id))

    def key_value(self, key_id: int) -> str:
        """The key as its user holds it: `sk-` and 48 characters."""
        return f"sk-{self._state.store.row(key_id).key}"

    def note_calls(self, key_id: int, model: str, charges: Iterable[tuple[float, int]]) -> None:
        """Calls of the past (Unix seconds, units): in the log and in the sums of key and account; quotas stay."""
        row = self._state.store.row(key_id)
        for at, units in charges:
            row.used_quota += units
            row.accessed_time = max(row.accessed_time, int(at))
            self.account.used_quota += units
            self.account.request_count += 1
            paid = PaidCall(model=model, units=units, ceiling=units)
            paid_calls.note(self._state, key_id, paid, request_id=self._state.request_id, at=at)
        self._state.log.sort(key=lambda noted: noted.created_at)

    def charge(self, key_id: int, units: int, *, model: str = "gpt-4o") -> Record:
        """Use the key: remaining and used move together, may overdraw; a negative number is a refund."""
        paid = PaidCall(model=model, units=units, ceiling=units)
        self._state.store.row(key_id)

        def charged() -> None:
            paid_calls.book(self._state, key_id, units, calls=int(units > 0))
            if units > 0:
                paid_calls.note(self._state, key_id, paid, request_id=self._state.request_id)

        self._state.after(self.switches.charge_delay, charged)
        return self.key(key_id)

    def edit_behind(self, key_id: int, **changes: Any) -> Record:
        """A second writer: change any field of the row, unseen by whoever read it before."""
        row = self._state.store.row(key_id)
        self._state.store.edit(row, changes)
        return replace(row)

    def call_model(
        self, value: str, *, model: str, units: int, ceiling: int | None = None, client_ip: str = "127.0.0.1"
    ) -> HttpReply | None:
        """A paid call with a key value (`sk-…`): None = served and charged, else the refusal of section 11.

        `ceiling`: what it could cost at most; it is taken first where key or account hold little.
        """
        self.settle()
        self._state.new_request_id()
        paid = PaidCall(model=model, units=units, ceiling=max(units, ceiling or 0))
        judged = paid_calls.serve(self._state, value, paid, client_ip=client_ip)
        if isinstance(judged, models_side.ModelRefusal):
            return models_side.refused(self._state, judged)
        return None
