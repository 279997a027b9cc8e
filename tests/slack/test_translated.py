"""What this room says to people is in their language: answers, errors, and what is wrong with Slack."""

import logging

import pytest

from bot.errors import InputError, TooMuch
from bot.languages import Language, english, said, tr
from bot.slack.blocks import Message, section, worded
from bot.slack.delivery import Ack, Delivery, Ephemeral, FieldErrors, Kind
from bot.slack.error_handler import answer_error
from bot.slack.error_report import report
from bot.slack.errors import SlackUnavailable, refused
from bot.slack.group_problems import lasting_problem, silence
from bot.slack.inputs import clipped, text_input
from bot.slack.person_limits import PersonLimits
from bot.slack.responder import error_view
from bot.slack.router import Router, refuse_secrets
from tests.languages.pseudo import PSEUDO, english_in, pseudo, pseudo_catalog
from tests.narrow import expect
from tests.slack import kit
from tests.slack.kit import NotingWeb, make_delivery, make_responder


async def _noting(_delivery: object) -> None:
    return None


async def test_answers_to_words_are_translated() -> None:
    router = Router()
    with pseudo():
        empty = Router()._plain_help()
        router.command("quota", _noting)
        answers = [empty, router._unknown_word("qouta")]
        answers.append(expect(Ephemeral, (await router._command(make_delivery(text="x" * 20_000)))[1]).text)
    assert answers[0] == "THERE ARE NO COMMANDS YET."
    assert answers[1].startswith("I DO NOT KNOW THE WORD `qouta`. DID YOU MEAN `/apikey quota`?")
    assert not english_in(answers)


async def test_errors_are_told_in_the_language_of_the_reader_and_logged_in_english(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = SlackUnavailable()
    delivery = make_delivery(Kind.VIEW_SUBMISSION, payload={"view": kit.view()})
    with pseudo(), caplog.at_level(logging.INFO):
        sentences = [report(made, doing="x"), report(ValueError(), doing="x"), report(TooMuch("…"), doing="x")]
        sentences += [refused("views.open", code).sentence for code in ("hash_conflict", "expired_trigger_id", "x_y")]
        answer = expect(FieldErrors, await answer_error(made, delivery))
        view = error_view(said(made.sentence))
    assert not english_in([one.replace("x_y", "") for one in sentences])
    assert answer.errors["name"].startswith("SLACK DOES NOT ANSWER US RIGHT NOW.")
    assert view["title"]["text"] == "DID NOT WORK"
    assert not english_in([view["title"], view["close"], view["blocks"]])
    assert "Slack does not answer us right now." in caplog.text


async def test_too_much_is_refused_in_the_language_of_whoever_asks() -> None:
    limits = PersonLimits(per_minute=1, urgent=frozenset(), clock=lambda: 0.0)
    delivery = make_delivery(text="show 1")
    with pseudo():
        assert limits.admit(delivery, typing=False)
        with pytest.raises(TooMuch) as raised:
            limits.admit(delivery, typing=False)
        with pytest.raises(InputError) as long:
            refuse_secrets({"name": {"value": {"value": "x " * 10_000}}})
    assert not english_in([raised.value.sentence, *long.value.fields.values()])


@pytest.mark.parametrize(
    "code",
    [
        "no_such_subteam",
        "subteam_not_found",
        "invalid_subteam_id",
        "subteam_disabled",
        "plan_upgrade_required",
        "missing_scope",
    ],
)
def test_what_is_wrong_with_groups_is_kept_for_readers_of_all_languages(code: str) -> None:
    problems = [lasting_problem(code, "S1"), silence("S1", ""), silence("S1", "E1")]
    with pseudo():
        shown = [said(problem or "") for problem in problems]
        assert [english(problem or "") for problem in shown] == problems
    assert not english_in(shown)


def test_elements_show_sentences_in_the_language_of_the_reader() -> None:
    made = refused("x", "hash_conflict").sentence
    with pseudo():
        assert text_input(initial=made)["initial_value"] == made.upper()
        assert clipped(made, 200) == made.upper()


async def _reads_pseudo(_delivery: object) -> Language:
    return PSEUDO


CONSTANT = tr("A constant sentence.")


async def test_what_is_worded_after_the_handler_is_in_the_language_of_the_answer() -> None:
    web = NotingWeb()
    router = Router(language_of=_reads_pseudo)

    async def words(_delivery: Delivery) -> Ack:
        return Ephemeral(CONSTANT)

    async def wrong(_delivery: Delivery) -> Ack:
        return FieldErrors({"name": CONSTANT})

    router.command("words", words)
    router.action("approve", wrong)
    slack = kit.Slack(router, responder=make_responder(web))
    with pseudo_catalog():
        answer = (await slack.command("words")).json()
        await slack.interaction(kit.click())
        await slack.responder.drain(grace=5)
    assert answer["text"] == "A CONSTANT SENTENCE."
    assert not english_in([arguments for _, arguments in web.calls])


async def test_a_message_is_sent_in_the_language_in_which_it_was_drawn() -> None:
    with pseudo():
        message = worded(Message(CONSTANT, [section("X")] * 60))
    assert message is not None
    assert message.to_slack()["text"] == "A CONSTANT SENTENCE."
    assert not english_in(message.to_slack()["blocks"])
