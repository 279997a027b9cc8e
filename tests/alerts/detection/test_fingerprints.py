"""Fingerprints: the same value and secret give the same one, and a stored one reads back."""

from pydantic import SecretStr

from bot.alerts.detection.fingerprints import BYTES, Fingerprints, from_text, to_text

CORE = "a" * 48


def test_the_same_value_gives_the_same_fingerprint_under_the_same_secret_only() -> None:
    one, again, other = (Fingerprints(SecretStr(secret)) for secret in ("s1", "s1", "s2"))
    assert one.of(CORE) == again.of(CORE)
    assert one.of(CORE) not in {other.of(CORE), one.of("b" * 48)}
    assert (one.scheme == again.scheme, one.scheme == other.scheme) == (True, False)


def test_a_stored_fingerprint_has_32_digits_and_reads_back() -> None:
    found = Fingerprints(SecretStr("s1")).of(CORE)
    assert 0 <= found < 2 ** (8 * BYTES)
    assert [len(to_text(number)) for number in (0, found)] == [32, 32]
    assert from_text(to_text(found)) == found


def test_a_text_that_is_no_unicode_has_a_fingerprint_too() -> None:
    assert Fingerprints(SecretStr("s1")).of("\ud800") > 0
