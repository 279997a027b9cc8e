"""The gateway's endpoints, one method each, as far as Keydesk uses them (gateway-api.md, sections 2, 7, 8, 11).

GatewayReader only reads; GatewayClient can also write, one wire call per method, without reading back: that is
`writes`' business. Knows nothing of why something is asked. Never calls GET /api/user/token: that replaces the PAT.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from bot.gateway.entitlements import groups_of, model_ids, status_of
from bot.gateway.errors import (
    CallFacts,
    GatewayAuthError,
    GatewayCallError,
    GatewayProtocolError,
    GatewayRejected,
    GatewayUnavailable,
    Refusal,
)
from bot.gateway.held_values import HeldValues
from bot.gateway.key_check import judge_key_check, unreachable
from bot.gateway.limiter import CallLimiter, Limit
from bot.gateway.listing import COLLECTION, PAGE_SIZE, KeyListing, Listener, Row, Walk
from bot.gateway.models import GatewayAccount, GatewayStatus, Group, Key, KeyCheck, KeyId, KeySettings, KeyValue
from bot.gateway.numbers import BLOCK, KeyNumbers
from bot.gateway.prices import Prices, catalogue_prices, ratio_prices
from bot.gateway.records import (
    core_of,
    create_body,
    is_masked,
    key_and_value,
    member_of,
    update_body,
    usable_value,
)
from bot.gateway.replies import LIST_BODY, ApiCall, CallKind, parse
from bot.gateway.usage import UsageReader
from bot.gateway.wire import Wire

logger = logging.getLogger(__name__)

PROBE_PATH = "/v1/models"
_REVEALS = (Limit.CALLS, Limit.REVEALS)


class GatewayReader:
    """Reads. GETs are retried with growing pauses; `deadline` (seconds in all) bounds what a person waits for.

    Every method raises the GatewayCallError tree; GatewayAuthError means stop, do not retry.
    """

    def __init__(self, *, wire: Wire, listing: KeyListing | None = None, held: HeldValues | None = None) -> None:
        self._wire = wire
        self._listing = listing or KeyListing(wire=wire)
        # When the account was last read, and what it was then.
        self.last_account: tuple[float, GatewayAccount] | None = None
        # Whether the gateway shows many values in one call; None = not known yet.
        self.reveals_many: bool | None = None
        self.usage = UsageReader(wire)
        self.held = held or HeldValues(clock=wire.clock)
        if held is None:
            self._listing.listen(self._hold)

    @property
    def has_listed(self) -> bool:
        """Whether every key was read at least once, so that whoever listened knows them all."""
        return self._listing.complete

    @property
    def numbers(self) -> KeyNumbers:
        """The numbers of its keys inside Keydesk."""
        return self._wire.numbers

    @property
    def limiter(self) -> CallLimiter:
        """Whose turn it is, and how long a number of calls will take."""
        return self._wire.limiter

    def _hold(self, rows: Sequence[Row]) -> None:
        self.held.notice(rows)

    def hold_values_in(self, held: HeldValues) -> None:
        """Hold values of disabled keys there, together with another gateway."""
        self.held = held

    def listen(self, listener: Listener) -> None:
        """Have `listener` told of every record that is read, with its raw value. It must be quick and keep no value."""
        self._listing.listen(listener)

    @property
    def timeout(self) -> float:
        """Seconds after which an unanswered call is given up."""
        return self._wire.timeout

    @property
    def request_id_header(self) -> str | None:
        """Name of the request id header this deployment sends; None until seen."""
        return self._wire.request_id_header

    @property
    def sends_user_id(self) -> bool:
        """Whether requests carry the header New-Api-User."""
        return self._wire.user_id is not None

    def now(self) -> float:
        """Our own clock, Unix seconds: for waits."""
        return self._wire.clock()

    def server_now(self, _key_id: int | None = None, /) -> float:
        """The server's clock, Unix seconds, from its `Date` header: for comparing with `expired_time`."""
        return self._wire.server_now()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def get_key(self, key_id: KeyId, *, deadline: float | None = None) -> Key:
        """One record, fresh. Raises KeyNotFound for an unknown, foreign or deleted number (section 8)."""
        return (await self._listing.record(key_id, self._until(deadline)))[0]

    async def get_keys(self, key_ids: Collection[int], *, deadline: float | None = None) -> dict[int, Key]:
        """Many records, fresh, a hundred a call where that is cheaper; those that are gone are left out."""
        return await self._listing.many(key_ids, self._until(deadline))

    async def get_key_value(self, key_id: KeyId, *, deadline: float | None = None) -> KeyValue:
        """One record and its value, fresh; None as value where the gateway masks it (`reveal_masked` asks for it)."""
        key, raw, facts = await self._listing.record(key_id, self._until(deadline))
        return KeyValue(key=key, value=None if is_masked(raw) else usable_value(raw, facts))

    async def list_keys(self, *, deadline: float | None = None) -> list[Key]:
        """Every key of the account, newest first, each once; read again if the list moved meanwhile (rule 15)."""
        return [key for key, _ in await self._listing.all(self._until(deadline))]

    async def walk_keys(
        self, take: Callable[[Sequence[Key]], Awaitable[None]], *, deadline: float | None = None
    ) -> Walk:
        """Every key of the account, newest first, each once, a page at a time and none kept."""

        async def page(rows: Sequence[Row]) -> None:
            await take([key for key, _ in rows])

        return await self._listing.walk(page, self._until(deadline))

    async def newest_keys(self, *, deadline: float | None = None) -> list[Key]:
        """The newest 100 keys, newest first: one call, more where the gateway gives smaller pages."""
        return await self._listing.newest(self._until(deadline))

    async def keys_above(self, above: KeyId | int, *, deadline: float | None = None) -> list[Key]:
        """Every key with a number above `above`, newest first: one call unless more than 100 are newer."""
        return await self._listing.above(int(above), self._until(deadline))

    async def find_keys(
        self, name: str, *, same: Callable[[str], bool] | None = None, deadline: float | None = None
    ) -> list[Key]:
        """Keys with exactly this name, newest first. One search call where search can be trusted, else the whole list.

        `same`: which names among those that are found count, None = only this one. Search is not documented, has its
        own small limit, and takes `%` for a wildcard: any doubt means the list.
        """
        end, counts = self._until(deadline), same or name.__eq__
        if name and name == name.strip() and "%" not in name:
            try:
                return [key for key in await self._listing.search(name, end) if counts(key.name)]
            except GatewayAuthError:
                raise
            except GatewayCallError:
                pass  # told to the log by the wire; the list answers the same question
        return [key for key, _ in await self._listing.all(end) if counts(key.name)]

    async def search_shape(self) -> str | None:
        """`flat` or `paginated`, by one harmless search; None where there is no search."""
        try:
            data, _ = await self._listing.search_data("keydesk-probe", None)
        except GatewayAuthError:
            raise
        except GatewayCallError:
            return None
        return "flat" if isinstance(data, list) else "paginated" if isinstance(data, dict) else None

    async def reveal_key(self, key_id: KeyId, *, deadline: float | None = None) -> SecretStr:
        """The value, always with exactly one `sk-`. Raises GatewayRejected(VALUE_HIDDEN) where it cannot be had."""
        end = self._until(deadline)
        shown = await self.get_key_value(key_id, deadline=deadline)
        if shown.value is not None:
            return shown.value
        return await self.reveal_masked(key_id, deadline=None if end is None else max(0.0, end - self._wire.clock()))

    async def reveal_masked(self, key_id: KeyId, *, deadline: float | None = None) -> SecretStr:
        """The value of a key whose record does not show it. Raises as `reveal_key`; GatewayLimited says until when."""
        call = ApiCall(
            doing="revealing key",
            method="POST",
            path=f"/api/token/{self.numbers.own(key_id)}/key",
            kind=CallKind.ASK,
            key_id=key_id,
            counts=_REVEALS,
        )
        try:
            document, facts = await self._wire.ask(call, end=self._until(deadline))
        except GatewayRejected as error:
            if error.refusal is Refusal.NOT_OFFERED:
                raise GatewayRejected(Refusal.VALUE_HIDDEN, facts=error.facts) from None
            raise
        return usable_value(member_of(document.get("data"), "key", facts), facts)

    async def reveal_keys(self, key_ids: Sequence[KeyId], *, deadline: float | None = None) -> dict[KeyId, SecretStr]:
        """Values of many masked keys, a hundred a call; without those that the gateway does not give in time."""
        end, found = self._until(deadline), dict[KeyId, SecretStr]()
        for start in range(0, len(key_ids), PAGE_SIZE):
            found |= await self._reveal_batch(key_ids[start : start + PAGE_SIZE], end=end)
        return found

    async def list_models(self, *, group: str = "", deadline: float | None = None) -> list[str]:
        """Model ids that this account may use, sorted; with `group`, those of that group where they are told."""
        # New-api's `/api/models` is a list compiled into the program; CometAPI's is its catalogue (rows 12 and 12a).
        end = self._until(deadline)
        if not self._is_cometapi:
            try:
                return await self._model_list("/api/user/models", {"group": group} if group else {}, end)
            except GatewayAuthError:
                raise
            except GatewayRejected as error:
                if error.refusal is not Refusal.NOT_OFFERED:
                    raise
        return await self._model_list("/api/models", {}, end)

    async def _model_list(self, path: str, params: Mapping[str, str], end: float | None) -> list[str]:
        call = ApiCall(doing="listing the models", method="GET", path=path, params=params, limit=LIST_BODY)
        document, facts = await self._wire.ask(call, end=end)
        return model_ids(document.get("data"), facts)

    @property
    def _is_cometapi(self) -> bool:
        """Whether answers came with CometAPI's own header; not known before the first of them."""
        return (self.request_id_header or "").lower().startswith("x-cometapi")

    async def list_prices(self, *, deadline: float | None = None) -> Prices:
        """What models cost, as far as the gateway tells; nothing where it does not."""
        end, doing = self._until(deadline), "listing the prices"
        if not self._is_cometapi:
            ratios = ApiCall(doing=doing, method="GET", path="/api/pricing", limit=LIST_BODY)
            try:
                return ratio_prices((await self._wire.ask(ratios, end=end))[0])
            except GatewayRejected as error:
                if error.refusal is not Refusal.NOT_OFFERED:
                    raise
        catalogue = ApiCall(doing=doing, method="GET", path="/api/models", limit=LIST_BODY)
        return catalogue_prices((await self._wire.ask(catalogue, end=end))[0].get("data"))

    async def get_status(self, *, deadline: float | None = None) -> GatewayStatus:
        """What the gateway says of itself: units per dollar and its version."""
        call = ApiCall(doing="reading the gateway's status", method="GET", path="/api/status")
        document, _ = await self._wire.ask(call, end=self._until(deadline))
        return status_of(document.get("data"))

    async def list_groups(self, *, deadline: float | None = None) -> list[Group]:
        """Groups the account may use, sorted by name. GatewayRejected(NOT_OFFERED) where the gateway lists none."""
        call = ApiCall(doing="listing the groups", method="GET", path="/api/user/self/groups")
        document, facts = await self._wire.ask(call, end=self._until(deadline))
        return groups_of(document.get("data"), facts)

    async def get_account(self, *, deadline: float | None = None) -> GatewayAccount:
        """The account behind the access token, with its balance in units."""
        call = ApiCall(doing="reading the account", method="GET", path="/api/user/self")
        document, facts = await self._wire.ask(call, end=self._until(deadline))
        account = parse(GatewayAccount, document.get("data"), facts)
        self.last_account = (self._wire.clock(), account)
        return account

    async def check_key(self, value: SecretStr) -> KeyCheck:
        """One free call with the key itself (section 11). Never raises for what the gateway says, never retries."""
        secret = core_of(value.get_secret_value().strip())
        call = ApiCall(doing="trying a key", method="GET", path=PROBE_PATH, limit=LIST_BODY, counts=())
        if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
            return unreachable("not_a_key")
        try:
            reply = await self._wire.exchange(call, headers={"Authorization": f"Bearer sk-{secret}"})
        except GatewayUnavailable:
            return unreachable("no_answer")
        return judge_key_check(reply)

    def _until(self, deadline: float | None) -> float | None:
        """The moment of our clock at which everything that one method does must be over."""
        return None if deadline is None else self._wire.clock() + deadline

    async def _reveal_batch(self, key_ids: Sequence[KeyId], *, end: float | None = None) -> dict[KeyId, SecretStr]:
        call = ApiCall(
            doing="revealing keys",
            method="POST",
            path="/api/token/batch/keys",
            kind=CallKind.ASK,
            body={"ids": [self.numbers.own(key_id) for key_id in key_ids]},
            counts=_REVEALS,
        )
        try:
            document, facts = await self._wire.ask(call, end=end)
            values = member_of(document.get("data"), "keys", facts, kind=dict)
            self.reveals_many = True
            told = {key_id: values.get(str(self.numbers.own(key_id))) for key_id in key_ids}
            return {
                key_id: usable_value(value, facts)
                for key_id, value in told.items()
                if isinstance(value, str) and not is_masked(value)
            }
        except GatewayAuthError:
            raise
        except GatewayCallError as error:
            if isinstance(error, GatewayRejected) and error.refusal is Refusal.NOT_OFFERED:
                self.reveals_many = False
            return {}


class GatewayClient(GatewayReader):
    """Reads and raw writes: one wire call per method, never repeated, never read back. Use `writes` instead."""

    @property
    def each(self) -> "Sequence[GatewayClient]":
        """Itself, as all gateways together are asked for each of them (gateways.py)."""
        return (self,)

    def of(self, _key_id: int, /) -> "GatewayClient":
        """Itself, whichever key it is."""
        return self

    def named(self, _name: str, /) -> "GatewayClient":
        """Itself, whatever it is called."""
        return self

    async def create_key(self, settings: KeySettings) -> KeyId | None:
        """POST. The answer usually holds nothing; a deployment that gives a number gives it here (section 6)."""
        document, _ = await self._write("creating a key", "POST", COLLECTION, body=create_body(settings))
        data = document.get("data")
        number = data.get("id") if isinstance(data, dict) else None
        return self.numbers.inside(number) if type(number) is int and 0 < number < BLOCK else None

    async def update_key(self, record: Key, *, status: int | None = None) -> Key | None:
        """PUT of the complete record, `status` as stored unless given (a plain PUT may ignore it, section 7).

        Gives the record as the answer tells it; only a read-back proves what is stored. None = it tells none.
        """
        body = update_body(record, self.numbers, status=record.status if status is None else status)
        document, facts = await self._write("changing key", "PUT", COLLECTION, body=body, key_id=record.id)
        data = document.get("data")
        if not isinstance(data, dict) or data.get("id") != self.numbers.own(record.id):
            return None
        try:
            return key_and_value(data, facts, self.numbers)[0]
        except GatewayProtocolError:
            return None

    async def set_status(self, record: Key, status: int) -> None:
        """PUT with `status_only`, and still the complete record: a server that ignores the switch must not reset it."""
        await self._write(
            "setting the status of key",
            "PUT",
            COLLECTION,
            params={"status_only": "true"},
            body=update_body(record, self.numbers, status=status),
            key_id=record.id,
        )

    async def delete_key(self, key_id: KeyId) -> None:
        """Delete the key at the gateway. Raises KeyNotFound when there is none (any more)."""
        await self._write("deleting key", "DELETE", f"/api/token/{self.numbers.own(key_id)}", key_id=key_id)

    async def _write(self, doing: str, method: str, path: str, **more: Any) -> tuple[dict[str, Any], CallFacts]:
        return await self._wire.ask(ApiCall(doing=doing, method=method, path=path, kind=CallKind.WRITE, **more))
