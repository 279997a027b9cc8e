"""What is secret is found however it is written, and what is not stays as it is."""

import base64
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.redaction import HIDDEN, holds_secret, know, know_keys, redact, redact_all
from tests.attacks.tricks import CORE, TRICKS
from tests.redaction.kit import known_as_before
from tests.tools.pace import a_plain_millisecond, cost

RNG = random.Random(11)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
PAT = "pat/" + "".join(RNG.choices(LETTERS, k=20))


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    with known_as_before():
        know([PAT, "postgres", "p4ssw0rd+x"])
        know_keys(None)
        yield


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("secret", [CORE, PAT])
def test_every_trick_is_seen_through(trick: str, secret: str) -> None:
    text = f"see {TRICKS[trick](secret)}, please"
    assert holds_secret(text)
    taken_out = redact(text, wide=False)
    assert HIDDEN in taken_out
    assert taken_out.startswith("see ")
    assert "please" in taken_out
    letters = "".join(char for char in taken_out if char.isascii() and char.isalnum())
    plain = "".join(char for char in secret if char.isalnum())
    assert not any(plain[at : at + 8] in letters for at in range(len(plain) - 8))


@pytest.mark.parametrize(
    "secret",
    [
        f"xoxb-1234-{CORE[:20]}",
        f"xoxe.xoxp-1-{CORE[:20]}",
        f"xapp-1-A1-{CORE[:20]}",
        f"u+{CORE[:18]}",
        f"Token token={CORE[:20]}",
        f"ghp_{CORE[:36]}",
        f"github_pat_{CORE[:30]}",
        f"sk-{CORE[:20]}",
        f"sk-proj-{CORE[:16]}_{CORE[16:30]}-{CORE[30:]}",
        "https://hooks.slack.com/actions/T1/2/abc",
        "p4ssw0rd+x",
        "p4ssw0rd%2Bx",
        base64.b64encode(f"user:{PAT}".encode()).decode(),
        base64.b64encode(f"OPENAI_API_KEY=sk-{CORE}".encode()).decode(),
    ],
)
def test_secrets_are_known_by_their_form_or_their_value(secret: str) -> None:
    assert holds_secret(f"it is {secret} now")
    assert secret not in redact(f"it is {secret} now", wide=False)


@pytest.mark.parametrize(
    "text",
    [
        f"task-{CORE}",
        f"Flask-{CORE[:32]}",
        "TASKsk-d35db41d94e5efaf89fc43c5fa52f8b2",
        "sk-d35db41d94e5efaf89fc43c5fa52f8b2",
        "OPENAI_API_KEY=sk-d35db41d94e5efaf89fc43c5fa52f8b2",
        f"sk-xxxxxx{CORE[:20]}",
        f"sk-{CORE}xxxxxx",
        f"KEYsk-{CORE[:14]}\n{CORE[14:]}",
        "redis://:hunter2@cache",
        "redis://user:hu***r2@cache",
        "mysql://<user>:<hunter2>@host",
        "mysql://bob:$ecret1@host",
        "mysql://bob:password@host",
        "mysql://user:password1@host",
        "xoxb-sandbox-5f2b8c1d9e4a7f3b6c0d8e2a",
        f"xoxb-{CORE[:24]}",
        "xoxd-Qn%2FzYkLmNopQrs%2BTuv",
        "xapp-sandbox-5f2b8c1d9e4a7f3b6c0d8e2a",
        f"key {CORE[:12].lower()}{CORE[12:]}",
    ],
)
def test_what_only_resembles_an_honest_text_is_secret(text: str) -> None:
    assert holds_secret(text)
    assert HIDDEN in redact(text, wide=False)


def test_the_password_of_a_database_url_is_hidden() -> None:
    assert redact("at postgresql://bob:pass@h/x") == "at postgresql://[redacted]@h/x"


def test_the_ticket_of_a_socket_mode_url_is_hidden() -> None:
    url = "wss://wss-primary.slack.com/link/?ticket=b1c0-f3e2&app_id=A1"
    assert "b1c0" not in redact(f"403, url='{url}'")


@pytest.mark.parametrize(
    "text",
    [
        "task-runner-one",
        "risk-management",
        "sk-abc…wxyz",
        "#C0123 U0ABC",
        "0" * 64,
        "https://slack.com/help",
        "key 12",
        "½ a cup",
        "the postgres migration",
        "— keydesk/audit " + base64.b64encode(random.Random(4).randbytes(68)).decode(),
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "sk-search-team-production-europe-2",
        "sk-8 is the model that we want for 3 of our 12 teams in production, as Mira said on Monday morning",
        "risk-averse people should not be given unlimited keys in production environments at all",
        "task-42 of the migration plan from 2024 to 2025, see ticket 12345 and the page beside it",
        "https://tickets.example/browse?ticket=OPS-1234&view=all",
        "send it as Bearer authentication",
        "https://www.notion.so/acme/Keydesk-d35db41d94e5efaf89fc43c5fa52f8b2",
        "https://ci.example/build?task-9b7bb71fcb447fc135c396aff26c035c=1",
        "task-d35db41d94e5efaf89fc43c5fa52f8b2",
        "disk-b19b8f89a50f8a8e9bb8bdb5eba456bf",
        "Flask-0a09cfce14db0699202bd90872129b6f237adc0c",
        "mask-0499a90ebb4108e360ddfcfc69e290d9f945ffa4d1278220ad2cf1337349e455",
        "the task-force for EU, US, APAC and LATAM needs 20 keys for 3 months in production",
        "risk-based: SOC2, ISO27001, GDPR and PCI want their own keys by the end of May",
        "redis://:***@cache",
        "https://a:b@c",
        "SHA256 " + random.Random(5).randbytes(32).hex(":"),
        base64.b32encode(random.Random(6).randbytes(35)).decode(),
        "redis://user:***@cache",
        "redis://ada:xxxxxx@cache",
        "mysql://<user>:<password>@host",
        "mysql://&lt;user&gt;:&lt;password&gt;@host",
        "postgresql://keydesk:${DB_PASSWORD}@db/keydesk",
        "postgresql://{user}:{password}@db, or $DB_USER:$DB_PASSWORD",
        "amqp://ada:$RABBIT_PASSWORD@queue",
        "https://USER:PASSWORD@host/x",
        "https://user:pass@host/x",
        "xoxo-kisses-and-hugs",
        "xoxo-love-and-hugs-to-all-from-Q3",
        "xapp-migration-project",
        "xapp-migration-project-2027",
        "xoxb-your-bot-token",
        "sk-" + "X" * 20,
        "sk-" + "x" * 48,
        "sk-" + "0" * 32,
        "sk-abcdXXXXXXXXXXXXXXXXXXXXwxyz",
        "sk-learnpipelineforinternalsearch",
        "123456789012345678901234567890123456789012345678",
        "cb95eb92e57561d80e1ed511b327f2f171fc118de91165c6",
        "a" * 48,
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ],
)
def test_what_people_write_is_neither_refused_nor_changed(text: str) -> None:
    assert not holds_secret(text)
    assert redact(text, wide=False) == text


def test_every_string_of_a_document_is_looked_at_and_a_value_to_be_shown_is_shown() -> None:
    document = {"a": [f"sk-{CORE}", 1, None], f"sk-{CORE}": True, "shown": SecretStr(f"sk-{CORE}")}
    assert redact_all(document, wide=False) == {"a": [HIDDEN, 1, None], HIDDEN: True, "shown": f"sk-{CORE}"}


@given(st.text())
def test_a_text_without_a_secret_comes_back_as_it_is(text: str) -> None:
    assert redact(text, wide=False) == text


@pytest.mark.timed
@pytest.mark.parametrize(
    "unit",
    [
        "sk-",
        "sk-a ",
        "sk-" + "a " * 24,
        "a" * 47 + " ",
        "://a:",
        "xoxa-",
        "xoxa-a-a-a-a-",
        "sk-xxxxxxa",
        "://a:{a",
        "A+/",
        "ﷺ",
        "\u200bsk-",
        "Bearer ",
        "gha_",
    ],
)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    assert cost(lambda: redact(text), per=a_plain_millisecond, tries=3) < 50


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("trick", TRICKS)
def test_a_secret_among_many_texts_is_found_when_all_are_looked_at_together(trick: str, wide: bool) -> None:
    told = TRICKS[trick](CORE)
    for around in ("a", "abc1" * 20, "x-", "sk-", "=", "é"):
        value = {"blocks": [{"text": around, "more": [told, 7, None, True]}, {"text": around}]}
        apart = {"blocks": [{"text": around, "more": [redact(told, wide=wide), 7, None, True]}, {"text": around}]}
        assert redact_all(value, wide=wide) == apart


def test_what_only_seems_to_go_on_from_one_text_to_the_next_stays() -> None:
    value = {"one": f"sk-{CORE[:20]}", "two": CORE[20:]}
    assert redact_all(value, wide=False) == {name: redact(text, wide=False) for name, text in value.items()}
