import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from bot.alerts.intake import signatures
from keydesk_sandbox import alerts as senders

SECRET, NOW = SecretStr("webhook-secret"), 1_790_000_000.0
BODY = b'{"id": "1"}'


def headers(sent: senders.Sent) -> dict[bytes, bytes]:
    return {name.lower().encode(): value.encode() for name, value in sent.headers.items()}


def check(source: str, given: dict[bytes, bytes], body: bytes = BODY, now: float = NOW) -> str:
    return signatures.VERIFIERS[source](SECRET, given, body, now)


@pytest.mark.parametrize("source", signatures.VERIFIERS)
def test_what_the_sender_signs_is_good_and_nothing_else_is(source: str) -> None:
    sent = senders.signed(source, BODY, secret=SECRET.get_secret_value(), now=NOW)
    assert check(source, headers(sent)) == ""
    assert check(source, {}) == signatures.MISSING
    forged = senders.signed(source, BODY, secret="another", now=NOW)
    assert check(source, headers(forged)) == signatures.WRONG
    if source not in {"alertmanager", "gitlab"}:  # bearer tokens: nothing is signed
        assert check(source, headers(sent), BODY + b" ") == signatures.WRONG


@pytest.mark.parametrize("source", ["generic", "gitguardian"])
def test_a_signed_time_must_be_near_ours(source: str) -> None:
    sent = headers(senders.signed(source, BODY, secret=SECRET.get_secret_value(), now=NOW))
    assert check(source, sent, now=NOW + 300) == check(source, sent, now=NOW - 30) == ""
    assert check(source, sent, now=NOW + 301) == signatures.OLD
    assert check(source, sent, now=NOW - 31) == signatures.FUTURE


@pytest.mark.parametrize("time", [b"", b"nan", b"1e9", b"-1", b" 1790000000", b"\xb2", b"9" * 40, b"1790000000."])
def test_a_time_that_is_no_number_is_no_time(time: bytes) -> None:
    if time == b"1790000000.":
        time = b"1790000000.x"
    assert check("generic", {b"x-keydesk-timestamp": time, b"x-keydesk-signature": b"v1=00"}) == signatures.NO_TIME


RAW = "bm90LWEtcmVhbC1zZWNyZXQtZm9yLXRlc3RzLW9ubHk="


def standard(secret: str, *, body: bytes = BODY, now: float = NOW, message_id: str = "msg_1") -> dict[bytes, bytes]:
    """What the library of the specification sends."""
    signer = Webhook(secret if secret.startswith("whsec_") else secret.encode())
    signed = signer.sign(message_id, datetime.fromtimestamp(int(now), UTC), body.decode())
    return {
        b"webhook-id": message_id.encode(),
        b"webhook-timestamp": str(int(now)).encode(),
        b"webhook-signature": signed.encode(),
    }


@pytest.mark.parametrize("secret", [f"whsec_{RAW}", f"whsec_{RAW.rstrip('=')}", "a plain secret"])
def test_standard_webhooks_are_taken_for_generic(secret: str) -> None:
    held = SecretStr(secret)
    sent = standard(secret)

    def told(given: dict[bytes, bytes], body: bytes = BODY, now: float = NOW) -> str:
        early = signatures.header_problem("generic", held, given, now)
        return early or signatures.generic(held, given, body, now)

    assert told(sent) == ""
    other = standard("another secret")[b"webhook-signature"]
    assert told({**sent, b"webhook-signature": other + b" " + sent[b"webhook-signature"]}) == ""
    assert told({**sent, b"webhook-signature": b"v1a,xxxx " + sent[b"webhook-signature"]}) == ""
    assert told({**sent, b"webhook-signature": other}) == signatures.WRONG
    assert told(sent, BODY + b" ") == signatures.WRONG
    assert told({**sent, b"webhook-id": b"msg_2"}) == signatures.WRONG
    assert (
        told({**sent, b"webhook-signature": b" ".join([other] * 10 + [sent[b"webhook-signature"]])}) == signatures.WRONG
    )
    assert told(sent, now=NOW + 301) == signatures.OLD
    assert told(sent, now=NOW - 31) == signatures.FUTURE
    assert told({**sent, b"webhook-timestamp": b"soon"}) == signatures.NO_TIME
    for name in (b"webhook-id", b"webhook-timestamp"):
        assert told({key: value for key, value in sent.items() if key != name}) == signatures.MISSING
    for junk in (b"", b"v1", b"v1,", b"v1,\xff", sent[b"webhook-signature"][:-2]):
        assert told({**sent, b"webhook-signature": junk}) == signatures.WRONG
    # Who sends our own header means it.
    assert (
        told({**sent, b"x-keydesk-signature": b"v1=00", b"x-keydesk-timestamp": str(int(NOW)).encode()})
        == signatures.WRONG
    )


def test_gitguardian_keys_the_hash_with_timestamp_and_token() -> None:
    # docs.gitguardian.com: HMAC with sha256; the key is the timestamp and the signature token, one after the other.
    timestamp = "1790000000"
    wanted = hmac.new((timestamp + "webhook-secret").encode(), BODY, hashlib.sha256).hexdigest()
    given = {b"timestamp": timestamp.encode(), b"gitguardian-signature": b"sha256=" + wanted.encode()}
    assert check("gitguardian", given) == ""


def test_githubs_own_example_fits() -> None:
    # GitHub's documentation, "Validating webhook deliveries": its test values.
    secret = SecretStr("It's a Secret to Everybody")
    given = {b"x-hub-signature-256": b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    assert signatures.github(secret, given, b"Hello, World!", NOW) == ""


def test_a_proving_header_that_comes_twice_proves_nothing() -> None:
    twice = [(b"authorization", b"a"), (b"authorization", b"b")]
    assert signatures.single_headers(twice) is None
    assert signatures.single_headers([(b"accept", b"a"), (b"accept", b"b")]) is not None


@pytest.mark.parametrize("given", [b"webhook-secret", b"Basic webhook-secret", b"Bearer", b"Bearer webhook-secretx"])
def test_a_bearer_token_is_exactly_that(given: bytes) -> None:
    assert check("alertmanager", {b"authorization": given}) == signatures.WRONG
