"""Every form, list and window of the features in a language whose words are capitals: small letters are English."""

import pytest

from bot.cli.check.samples import Sample, samples
from bot.features import FEATURES, OPERATIONS
from bot.features.help.listeners import message
from bot.languages import said, tr
from bot.operations import Change
from bot.slack.router import Router
from tests.languages.pseudo import english_in, pseudo

# Whole samples of these rooms; the others hold English of their own (a sentence of an outcome, a button).
NAMES = ("form ", "reveal", "list of keys", "why", "record")
# What nobody translates: what people typed, code to copy, rules of the policy, what Slack is told of a field.
TYPED = frozenset(
    [
        "search",
        "gpt",
        "mini",
        "on",
        "enter",
        "pressed",
        "character",
        "entered",
        "export",
        "https",
        "gateway",
        "example",
        "curl",
        "models",
        "uthorization",
        "earer",
        "from",
        "openai",
        "import",
        "pen",
        "print",
        "list",
        "key",
        "create",
        "is",
        "for",
        "others",
        "everybody",
    ]
)


def drawn() -> list[Sample]:
    with pseudo():
        return [sample for sample in samples() if sample.name.startswith(NAMES)]


@pytest.mark.parametrize("sample", drawn(), ids=lambda sample: sample.name)
def test_a_view_holds_no_english(sample: Sample) -> None:
    assert set(english_in(sample.arguments())) <= TYPED


def test_help_is_in_the_language_of_the_moment() -> None:
    router = Router()
    for register in FEATURES:
        register(router, object())  # type: ignore[arg-type]
    with pseudo():
        assert not english_in(message(router).blocks)
    assert "ask for a new key" in str(message(router).blocks)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_told_in_the_language_of_the_moment(name: str) -> None:
    operation = OPERATIONS[name]
    with pseudo():
        described = [said(operation.description.help), said(operation.title), said(operation.description.button)]
        assert not english_in([operation.asks("ADA", "CI"), operation.you_ask("CI"), operation.done("CI"), *described])


def test_a_line_of_a_card_is_stored_as_a_sentence_and_read_in_another_language() -> None:
    line = Change(field="status", label=tr("State"), before=None, after=tr("deleted, for good"))
    kept = line.model_dump_json()
    with pseudo():
        read = Change.model_validate_json(kept)
        assert (read.label, read.after) == ("STATE", "DELETED, FOR GOOD")
