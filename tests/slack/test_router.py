import time
from collections.abc import Callable

import pytest

from bot.errors import InputError, PermissionDenied
from bot.slack.delivery import Ack, Delivery, Ephemeral, FieldErrors, Kind, Options
from bot.slack.router import Router
from tests.narrow import expect
from tests.slack import kit
from tests.slack.kit import make_delivery
from tests.tools.pace import a_plain_millisecond, seconds_of


class Noting:
    """A handler that keeps its deliveries and answers as told."""

    def __init__(self, answer: Ack = None, error: Exception | None = None) -> None:
        self.got: list[Delivery] = []
        self.answer, self.error = answer, error

    async def __call__(self, delivery: Delivery) -> Ack:
        self.got.append(delivery)
        if self.error is not None:
            raise self.error
        return self.answer


def command(text: str) -> Delivery:
    return make_delivery(text=text, channel_id="C1")


@pytest.mark.parametrize(
    ("text", "rest"),
    [("new", ""), ("new ci bot", "ci bot"), ("  NEW\t ci ", "ci"), ("New\u00a0ci", "ci"), ("new\nci", "ci")],
)
async def test_the_first_word_chooses_and_the_rest_is_the_text(text: str, rest: str) -> None:
    router, handler = Router(), Noting()
    router.command("new", handler)
    await router.dispatch(command(text))
    assert handler.got[0].text == rest


async def test_no_word_is_help() -> None:
    router, handler = Router(), Noting(Ephemeral("our help"))
    router.command("help", handler)
    assert (await router.dispatch(command(""))).ack == Ephemeral("our help")
    assert (await router.dispatch(command("   "))).ack == Ephemeral("our help")


async def test_help_is_there_even_when_nobody_wrote_one() -> None:
    router = Router()
    assert (await router.dispatch(command(""))).ack == Ephemeral("There are no commands yet.")
    router.command("new", Noting(), usage="[NAME]", help="asks for a key")
    router.command("list", Noting(), help="shows your keys")
    answer = (await router.dispatch(command("help"))).ack
    assert expect(Ephemeral, answer).text == "`/apikey new [NAME]` asks for a key\n`/apikey list` shows your keys"
    assert router.words() == ("new", "list")
    assert [entry.usage for entry in router.help_entries()] == ["[NAME]", ""]


async def test_an_unknown_word_gets_the_nearest_one() -> None:
    router = Router()
    router.command("quota", Noting())
    answer = (await router.dispatch(command("qouta ci +5"))).ack
    assert (
        expect(Ephemeral, answer).text
        == "I do not know the word `qouta`. Did you mean `/apikey quota`? `/apikey help` lists what I can do."
    )


async def test_an_unknown_word_is_shown_harmless_and_short() -> None:
    answer = (await Router().dispatch(command("<!channel>" + "x" * 500))).ack
    assert "<!channel>" not in expect(Ephemeral, answer).text
    assert len(expect(Ephemeral, answer).text) < 150


def test_a_name_twice_is_refused() -> None:
    router = Router()
    kinds: list[tuple[Callable[..., None], str]] = [
        (router.command, "new"),
        (router.action, "approve"),
        (router.modal_action, "key.create"),
        (router.view, "key.create"),
        (router.view_closed, "key.create"),
        (router.shortcut, "new_key"),
        (router.options, "model_limits"),
    ]
    for register, name in kinds:
        register(name, Noting())
        with pytest.raises(ValueError, match="already"):
            register(name, Noting())
        with pytest.raises(ValueError, match="needs a name"):
            register("", Noting())
    assert router.names("shortcut") == {"new_key"}


async def test_each_kind_finds_its_handler() -> None:
    router = Router()
    handlers = {name: Noting() for name in ("action", "modal", "view", "closed", "shortcut", "options", "event")}
    router.action("approve", handlers["action"])
    router.modal_action("key.create", handlers["modal"])
    router.view("key.create", handlers["view"])
    router.view_closed("key.create", handlers["closed"])
    router.shortcut("new_key", handlers["shortcut"])
    router.options("model_limits", handlers["options"])
    router.event("user_change", handlers["event"])
    slack = kit.Slack(router)
    await slack.interaction(kit.click("approve"))
    await slack.interaction(kit.click("other", view=kit.view()))
    await slack.interaction(kit.submission())
    await slack.interaction(kit.interaction("view_closed", view=kit.view()))
    await slack.interaction(kit.interaction("shortcut", callback_id="new_key"))
    await slack.interaction(kit.interaction("message_action", callback_id="new_key"))
    await slack.interaction(kit.interaction("block_suggestion", block_id="model_limits", action_id="value", value="g"))
    await slack.event({"type": "user_change", "user": {"id": "U1"}})
    assert {name: len(handler.got) for name, handler in handlers.items()} == {
        "action": 1,
        "modal": 1,
        "view": 1,
        "closed": 1,
        "shortcut": 2,
        "options": 1,
        "event": 1,
    }


async def test_an_action_of_its_own_comes_before_the_modals() -> None:
    router, own, modal = Router(), Noting(), Noting()
    router.action("reveal", own)
    router.modal_action("key.create", modal)
    await kit.Slack(router).interaction(kit.click("reveal", view=kit.view()))
    assert (len(own.got), len(modal.got)) == (1, 0)


async def test_a_buttons_message_is_no_modal() -> None:
    router, modal = Router(), Noting()
    router.modal_action("key.create", modal)
    response = await kit.Slack(router).interaction(kit.click("docs", callback_id="key.create"))
    assert (response.status_code, modal.got) == (200, [])


async def test_every_room_hears_an_event() -> None:
    router, one, two = Router(), Noting(), Noting()
    router.event("user_change", one)
    router.event("user_change", two)
    await kit.Slack(router).event({"type": "user_change", "user": {"id": "U1"}})
    assert len(one.got) == len(two.got) == 1
    assert router.names("event") == {"user_change"}


async def test_what_nobody_handles_is_answered_and_counted() -> None:
    seen = []
    router = Router(observe=lambda kind, outcome, seconds: seen.append((kind, outcome)))
    assert (await router.dispatch(make_delivery(Kind.ACTION))).ack is None
    assert (await router.dispatch(make_delivery(Kind.OPTIONS))).ack == Options(())
    assert (await router.dispatch(make_delivery(Kind.EVENT, payload={"event": {"type": ["odd"]}}))).ack is None
    assert seen == [(Kind.ACTION, "unknown"), (Kind.OPTIONS, "unknown"), (Kind.EVENT, "unknown")]


async def test_outcomes_are_observed_with_their_time() -> None:
    seen = []
    ticks = iter([1.0, 1.25, 2.0, 2.5, 3.0, 3.0])
    router = Router(observe=lambda *args: seen.append(args), timer=lambda: next(ticks))
    router.command("ok", Noting())
    router.command("no", Noting(error=PermissionDenied("You may not.")))
    router.command("bad", Noting(error=RuntimeError("boom")))
    for word in ("ok", "no", "bad"):
        await router.dispatch(command(word))
    assert seen == [(Kind.COMMAND, "ok", 0.25), (Kind.COMMAND, "user_error", 0.5), (Kind.COMMAND, "error", 0.0)]


async def test_an_error_in_a_submission_stands_under_its_field() -> None:
    router = Router()
    router.view("key.create", Noting(error=InputError({"name": "Taken."})))
    answer = (await router.dispatch(make_delivery(Kind.VIEW_SUBMISSION, payload={"view": kit.view()}))).ack
    assert answer == FieldErrors({"name": "Taken."})


@pytest.mark.timed
async def test_a_text_of_a_megabyte_is_refused_at_once() -> None:
    router = Router()
    delivery = make_delivery(text="x" * 1_000_000)
    started = time.thread_time()
    answer = (await router.dispatch(delivery)).ack
    spent = time.thread_time() - started
    assert "too long" in expect(Ephemeral, answer).text
    assert spent < 50 * seconds_of(a_plain_millisecond)


async def test_what_follows_a_click_comes_after_it_was_handled_and_not_after_a_refusal() -> None:
    router, fine, refused, after = Router(), Noting(), Noting(error=InputError({"key": "No."})), Noting()
    router.action("fine", fine)
    router.action("refused", refused)

    async def follow(delivery: Delivery) -> None:
        assert fine.got == [delivery]
        await after(delivery)

    for name in ("fine", "refused"):
        router.follow(name, follow)
        await router.dispatch(make_delivery(Kind.ACTION, payload={"actions": [{"action_id": name}]}))
    assert [one.action_id for one in after.got] == ["fine"]
