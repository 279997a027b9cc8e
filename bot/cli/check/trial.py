"""`keydesk check --try`: asks a live gateway what only a live one tells, with one key that is worth nothing.

The key has no quota and expires within the hour; it is made, changed, disabled and deleted, and nothing else is
touched. Each line is one open question of gateway-api.md, section 17, and its answer.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.cli.check.report import Report
from bot.gateway.client import GatewayClient
from bot.gateway.errors import GatewayCallError, GatewayRejected, KeyNotFound
from bot.gateway.models import CheckOutcome, Key, KeyId, KeySettings, KeyStatus

SUBJECT = "try"
NAME = "keydesk-check-"
LIFETIME = 3600
# An address of documentation, and an id of no model: what they are does not matter, whether they come back does.
ADDRESSES, MODEL = ("203.0.113.7", "2001:db8::/32"), "keydesk-check-model"
# 50 characters, 100 bytes.
LONG_NAME = "é" * 50


async def run(report: Report, client: GatewayClient) -> None:
    """Every question, a line each. The key is deleted at the end, whatever happens. Does not close the client."""
    name = NAME + secrets.token_hex(4)
    try:
        before = max((int(key.id) for key in await client.newest_keys()), default=0)
        told = await client.create_key(_settings(client, name))
        key = await _made(client, name, before)
    except GatewayCallError as error:
        report.fail(SUBJECT, f"the throw-away key {name} could not be made: {error.why}", "look for it, and delete it")
        return
    if key is None:
        report.fail(SUBJECT, f"the gateway said yes, but has no key {name}", "look for it, and delete it")
        return
    report.ok(SUBJECT, f"does a create tell the key's number? {_yes(told is not None)}")
    trial = _Trial(report=report, client=client, key_id=key.id)
    try:
        await trial.ask(key)
    except GatewayCallError as error:
        report.warn(SUBJECT, f"the rest could not be asked: {error.why}", "try again later")
    await trial.delete(name)


def _settings(client: GatewayClient, name: str) -> KeySettings:
    return KeySettings.of(
        name=name,
        remain_quota=0,
        expired_time=int(client.server_now()) + LIFETIME,
        models=(MODEL,),
        allowed_ips=ADDRESSES,
    )


async def _made(client: GatewayClient, name: str, above: int) -> Key | None:
    return next((key for key in await client.keys_above(above) if key.name == name), None)


def _yes(answer: bool) -> str:  # one answer in, one word out
    return "yes" if answer else "no"


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """The questions about one key."""

    report: Report
    client: GatewayClient
    key_id: KeyId

    async def ask(self, key: Key) -> None:
        self._say("are values masked in lists?", _yes(key.masked))
        self._say("are model limits stored?", _yes(key.models == (MODEL,)))
        self._say("is an allowlist stored?", _yes(key.allowed_ips == ADDRESSES))
        await self._ask_name(key)
        plain = await self._ask_status(
            "does a plain PUT change the status?", lambda record: self.client.update_key(record, status=2)
        )
        wanted = KeyStatus.ENABLED if plain else KeyStatus.DISABLED
        await self._ask_status(
            "does a PUT with status_only?", lambda record: self.client.set_status(record, wanted), wanted=wanted
        )
        await self._ask_value()

    async def _ask_name(self, key: Key) -> None:
        try:
            await self.client.update_key(key.model_copy(update={"name": LONG_NAME}))
        except GatewayRejected:
            self._say("does it take a name of 50 characters and 100 bytes?", "no, it counts bytes")
            return
        stored = (await self.client.get_key(self.key_id)).name == LONG_NAME
        answer = "yes, it counts characters" if stored else "it says yes and stores another name"
        self._say("does it take a name of 50 characters and 100 bytes?", answer)

    async def _ask_status(
        self, question: str, write: Callable[[Key], Awaitable[object]], *, wanted: KeyStatus = KeyStatus.DISABLED
    ) -> bool:
        record = await self.client.get_key(self.key_id)
        try:
            await write(record)
        except GatewayRejected as error:
            self._say(question, f"refused ({error.refusal.value})")
            return False
        changed = (await self.client.get_key(self.key_id)).status == wanted
        self._say(question, _yes(changed))
        return changed

    async def _ask_value(self) -> None:
        try:
            shown = await self.client.get_key_value(self.key_id)
            value = shown.value or await self.client.reveal_masked(self.key_id)
        except GatewayRejected:
            self._say("can a value be had after the create?", "no")
            return
        self._say("can a value be had after the create?", "yes" if shown.value else "yes, by the reveal endpoint")
        check = await self.client.check_key(value)
        self._say("is a key that is disabled or has no quota refused?", _yes(check.outcome is CheckOutcome.REFUSED))

    async def delete(self, name: str) -> None:
        """Take the key away, and say so."""
        try:
            await self.client.delete_key(self.key_id)
            await self.client.get_key(self.key_id)
        except KeyNotFound:
            self.report.ok(SUBJECT, f"the throw-away key {self.key_id} is deleted")
        except GatewayCallError as error:
            self.report.fail(SUBJECT, f"key {self.key_id} ({name}) is still there: {error.why}", "delete it by hand")
        else:
            self.report.fail(SUBJECT, f"key {self.key_id} ({name}) is still there", "delete it by hand")

    def _say(self, question: str, answer: str) -> None:
        self.report.ok(SUBJECT, f"{question} {answer}")
