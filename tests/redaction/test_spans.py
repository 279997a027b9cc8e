"""A bare word of 48 characters is a key in a path and in a list, and none in a longer word of base64."""

import base64
import random

import pytest

from bot.redaction import know_keys, redact
from bot.redaction.spans import secret_spans
from tests.alerts.kit import core, index_of
from tests.attacks.tricks import CORE
from tests.redaction.kit import known_as_before
from tests.tools.pace import a_plain_millisecond, cost


def found(text: str) -> list[str]:
    return sorted({text[start:end] for start, end in secret_spans(text, wide=False)})


@pytest.mark.parametrize(
    "text",
    [
        f"/{CORE}",
        f"https://api.example.com/v1/projects/production/keys/{CORE}",
        f"https://api.example.com/v1/projects/production/keys/{CORE}/usage/of/this/month/and/the/last",
        f"/Users/AdaByron/Projects/KeydeskSandbox/tests/attacks/{CORE}",
        f"/PROD/SECRETS/GATEWAY/SEARCH/TEAM/BACKEND/{CORE}",
        f"a+{CORE}+b",
        f"KEY={CORE};",
    ],
)
def test_a_bare_key_in_a_path_is_found(text: str) -> None:
    assert found(text) == [CORE]


def test_each_of_a_list_of_bare_keys_is_found() -> None:
    keys = [core(seed) for seed in range(20)]
    assert found("\n".join(keys)) == sorted(keys)
    assert found(" / ".join(keys)) == sorted(keys)


@pytest.mark.parametrize("between", ["\n", "\r\n", "\\n", "<br>", "\\\n  ", '"\n    "', "' +\n  '", "\n> ", " "])
def test_a_bare_key_in_two_pieces_is_found(between: str) -> None:
    assert found(f"it is {CORE[:20]}{between}{CORE[20:]} now") == [f"{CORE[:20]}{between}{CORE[20:]}"]


@pytest.mark.parametrize(
    "text",
    [
        "5f2b8c1d9e4a7f3b6c0d8e2a\n1a9c4e7b2d5f8a3c6e9b1d4f",  # two ids of a database, 48 characters together
        f"{CORE[:20]}\n\n\n{CORE[20:]}x",
        "InternationalizationTest\nConfigurationProperties2",
    ],
)
def test_two_words_on_two_lines_are_no_key(text: str) -> None:
    assert found(text) == []


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
UNITS = [
    "%2D", "%25", "\\u002d", "&#45;", "&", "&a;", "=2D", "\\-", "VVVV", "VlZW", "41", "sk-VVVV", "aB3", "aB3\n", "a" * 47 + "\n",
    "aB3dE5fG7hJ9kL1mN2pQ4rS6", "A/", "sk%2D", "/" + CORE[:-1], "%73%6b%2d", "aB3dE5fG7hJ9kL1mN2pQ4rS6 ", "aB3d\n\n",
]  # fmt: skip


@pytest.mark.timed
@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    _quick(text)


@pytest.mark.timed
def test_noise_and_the_ends_of_known_keys_take_no_longer() -> None:
    noise = random.Random(7)
    _quick("".join(noise.choices(ALPHABET, k=20_000)))
    _quick("".join(noise.choices(ALPHABET + "+/", k=20_000)))
    with known_as_before():
        ends = core(1)[:4], core(1)[-4:]
        know_keys(index_of(*[core(seed) for seed in range(500)]))
        _quick("".join(noise.choices(ALPHABET, k=20_000)))
        # Each of these has the ends of a key 48 characters apart, again and again.
        _quick((ends[0] * 11 + ends[1]) * 400)
        _quick((ends[0] + ends[1] * 11) * 400)
        _quick(" ".join(noise.choices(ALPHABET, k=10_000)))
        _quick("aA0" * 6_666)
        _quick(f"{base64.b64encode(base64.b64encode(noise.randbytes(4_600))).decode()[:8192]} " * 2)
        _quick("a\u0336A\u03360\u0336" * 3_333)


@pytest.mark.timed
def test_many_keys_in_one_text_take_no_longer() -> None:
    """Anybody may know the ends of keys whose value the gateway hides, and writes as many values between as they like."""
    ends = core(1)[:4], core(1)[-4:]
    with known_as_before():
        know_keys(index_of(core(2), hidden=(core(1),)))
        value = ends[0] + core(3)[4:-4] + ends[1]
        assert len(list(secret_spans(f"{value} " * 400, wide=False))) >= 400
        _quick(f"{value} " * 400)
        _quick(" ".join(value) * 200)


def _quick(text: str) -> None:
    assert cost(lambda: redact(text), per=a_plain_millisecond, tries=3) < 50
