"""Keys of the account are known in texts that hold them in a way no form describes, and other texts are left alone."""

import base64
import hashlib
import random
import uuid
from collections.abc import Iterator

import pytest

from bot.redaction import holds_secret, know_keys, redact
from bot.redaction.known import is_telling
from tests.alerts.kit import core, index_of
from tests.attacks.tricks import CORE, TRICKS, TRICKS_WITH_A_KNOWN_KEY
from tests.redaction.kit import known_as_before

RNG = random.Random(29)
OTHER = core(4)


@pytest.fixture(autouse=True, params=["shown", "hidden"])
def keys(request: pytest.FixtureRequest) -> Iterator[None]:
    """The account's keys, of which the gateway shows the values, or masks them."""
    others = tuple(core(seed) for seed in range(1000, 1400))
    known = (CORE, *others)
    with known_as_before():
        know_keys(index_of(*known) if request.param == "shown" else index_of(*others[:9], hidden=known))
        yield


@pytest.mark.parametrize("trick", TRICKS | TRICKS_WITH_A_KNOWN_KEY)
def test_a_key_of_the_account_is_seen_through_every_trick(trick: str) -> None:
    text = f"see {(TRICKS | TRICKS_WITH_A_KNOWN_KEY)[trick](CORE)} , please"
    assert holds_secret(text)
    taken_out = redact(text, wide=False)
    assert taken_out.startswith("see ")
    assert taken_out.endswith(", please")
    letters = "".join(char for char in taken_out if char.isalnum())
    assert not any(CORE[at : at + 8] in letters for at in range(len(CORE) - 8))


@pytest.mark.parametrize("trick", TRICKS_WITH_A_KNOWN_KEY)
def test_that_is_so_because_the_key_is_known(trick: str) -> None:
    text = TRICKS_WITH_A_KNOWN_KEY[trick](OTHER)
    assert not holds_secret(f"see {text} , please")
    know_keys(None)
    assert not holds_secret(f"see {TRICKS_WITH_A_KNOWN_KEY[trick](CORE)} , please")


def sha(number: int) -> str:
    return hashlib.sha1(str(number).encode()).hexdigest()  # as git names commits


def wrapped(text: str, width: int) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def image(seed: int, size: int = 3000) -> str:
    return base64.b64encode(random.Random(seed).randbytes(size)).decode()


HONEST = {
    "commits": "\n".join(sha(n) for n in range(100)),
    "digests": " ".join(f"sha256:{hashlib.sha256(bytes([n])).hexdigest()}" for n in range(100)),
    "sha512 in hexadecimal digits": " ".join(hashlib.sha512(bytes([n])).hexdigest() for n in range(50)),
    "integrity": " ".join(
        f"sha512-{base64.b64encode(hashlib.sha512(bytes([n])).digest()).decode()}" for n in range(200)
    ),
    "uuids": " ".join(str(uuid.UUID(int=RNG.getrandbits(128))) for _ in range(100)),
    "a path": "/home/ada/Projects/KeydeskSandbox/tests/attacks/test_no_text_holds_a_secret.py:120",
    "a long address": "https://github.com/example/keydesk/blob/3bd986e4f1a2b3c4d5e6f708192a3b4c5d6e7f80/bot/redaction.py#L10-L20",
    "a document": "https://docs.example.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit?tab=t.0#heading=h.2",
    "a query": "https://example.com/search?q=sk%20learn%20-%20keys&x=%7B%22a%22%3A1%7D&lang=de%2DDE&page=2",
    "mark-up": "<p>Tom &amp; Jerry&#39;s &lt;b&gt;keys&#45;and&#x2d;locks&lt;/b&gt;</p>",
    "json in json": '{"text": "{\\"a\\": \\"\\\\u00e9t\\\\u00e9\\", \\"n\\": 12}", "id": "C0123ABCD"}',
    "an image": f"data:image/png;base64,{image(1, 7000)}",
    "an image in mail": "Content-Transfer-Encoding: base64\n\n" + wrapped(image(2, 7000), 76),
    "a certificate": "-----BEGIN CERTIFICATE-----\n" + wrapped(image(3), 64) + "\n-----END CERTIFICATE-----",
    "a public key": f"ssh-rsa {image(4, 400)} ada@example.com",
    "hints": " ".join(f"sk-{core(n)[:4]}…{core(n)[-4:]} is disabled by ada now" for n in range(1000, 1100)),
    "a hint twice": f"sk-{CORE[:4]}…{CORE[-4:]} of the team search, two days old: sk-{CORE[:4]}…{CORE[-4:]}",
    "model names": "gpt-5 claude-sonnet-4-5-20250929 deepseek-v3.2-exp text-embedding-3-large o4-mini-2025-04-16",
    "camel case": "AbstractSingletonProxyFactoryBean2 HTTPSConnectionPoolManager EngineeringProductionDeployment3",
    "slack": "https://acme.slack.com/archives/C0123ABCD/p1700000000123456?thread_ts=1700000000.123456&cid=C0123ABCD",
    "prices": "+5 USD, 1.5M units, $1 = 500,000 units, 30d; 100% of 2,000,000",
    "a stack": 'File "bot/slack/outbox.py", line 120, in deliver\n    await self._post(c, id="card:12", kind=CARD)',
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_texts_are_neither_refused_nor_changed(name: str) -> None:
    text = HONEST[name]
    assert redact(text, wide=False) == text
    assert not holds_secret(text)


def test_few_of_many_images_are_taken_for_a_key() -> None:
    """A megabyte of noise in base64, in texts as long as a field takes: by its form none is a key."""
    know_keys(None)
    assert [seed for seed in range(100) if holds_secret(image(seed, 7400))] == []
    assert [seed for seed in range(100) if holds_secret(wrapped(image(seed, 7400), 76))] == []


def test_what_is_too_short_or_too_plain_is_not_looked_for() -> None:
    assert not is_telling("postgres")
    assert not is_telling("abc12")
    assert is_telling("p4ssw0rd")
    assert is_telling("a" * 16)
