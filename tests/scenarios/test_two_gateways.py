"""Two gateways in one Keydesk: which one is asked for, equal numbers, a leak at the second, one away, one removed."""

from bot.gateway.numbers import BLOCK
from keydesk_sandbox import seed
from tests.scenarios.alerting import SAM, cards, send
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.two_gateways import GATEWAYS, House, asked, named, told

ADA, MIRA, CHANNEL, DISABLED = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL, 2
MINUTE, HOUR, GONE = 60.0, 3600.0, "The gateway `prod` is not in the policy any more"


async def test_equal_numbers_are_different_keys_from_the_form_to_the_leak(house: House) -> None:
    twin = named(house.world.gateway)[0]
    leaked = house.prod.add_key(name="leaked-there", unlimited_quota=True)
    assert leaked.id in {one.id for one in named(house.world.gateway)}
    async with house.running() as desk:
        # Each gateway makes its own.
        await asked(desk, "prod", "alpha")
        await desk.eventually(lambda: [m for m in desk.dm(ADA, "is ready") if "alpha" in text_of(m)])
        await asked(desk, "default", "beta")
        await desk.eventually(lambda: [m for m in desk.dm(ADA, "is ready") if "beta" in text_of(m)])
        there = next(one for one in named(house.prod) if one.name == "alpha")
        assert [one.name for one in named(house.world.gateway) if one.name in {"beta", "alpha"}] == ["beta"]
        assert f"prod/{there.id}" in " ".join(
            text_of(one) for one in [m for m in desk.dm(ADA, "is ready") if "alpha" in text_of(m)]
        )
        # A list shows keys of both, a number is typed as it is shown.
        await desk.slack.command(ADA, CHANNEL, "/apikey list")
        await desk.eventually(lambda: f"prod/{there.id}" in told(desk))
        assert "default/" in told(desk)
        await desk.slack.command(ADA, CHANNEL, f"/apikey show prod/{there.id}")
        await desk.eventually(lambda: "alpha" in told(desk))
        # A value of the second gateway is found, and its key alone is disabled.
        await desk.eventually(lambda: desk.app.alerts.index.complete)
        same = next(one for one in named(house.world.gateway) if one.id == leaked.id)
        await send(desk, "generic", f"KEY={house.prod.key_value(leaked.id)}")
        card = (await desk.eventually(lambda: cards(desk, "leaked-there")))[0]
        assert (await desk.slack.click(SAM, card, "disable")).ok
        await desk.eventually(lambda: cards(desk, "dead"))
        assert house.prod.key(leaked.id).status == DISABLED
        assert house.world.gateway.key(same.id).status == same.status
        assert twin.status == house.world.gateway.key(twin.id).status


async def test_one_that_is_away_does_not_hold_up_the_other(house: House) -> None:
    async with house.running() as desk:
        await desk.eventually(lambda: desk.app.alerts.index.complete)
        house.prod.arm("refused", times=None)
        await asked(desk, "prod", "later")
        await asked(desk, "default", "now")
        await desk.eventually(lambda: desk.dm(ADA, "now"))
        # What waits says why, and for which gateway.
        await desk.eventually(lambda: desk.dm(ADA, "At the gateway prod"))
        assert named(house.prod) == []
        await desk.slack.command(ADA, CHANNEL, "/apikey list")
        await desk.eventually(lambda: "prod does not answer" in told(desk))
        assert "now" in told(desk)
        house.prod.disarm()
        await desk.eventually(lambda: [one.name for one in named(house.prod)] == ["later"])


async def test_requests_about_a_removed_gateway_wait_and_say_so(house: House) -> None:
    async with house.running() as desk:
        await asked(desk, "prod", "there", remain_quota="2M")
        await desk.eventually(lambda: desk.card(1))
    house.write(gateways="")
    async with house.running() as desk:
        await desk.slack.click(MIRA, desk.card(1), "approve")
        await desk.eventually(lambda: "is not in the policy file any more" in text_of(desk.card(1)))
        # With one gateway left nobody is asked which, and the other one's work goes on.
        await desk.ask(ADA, name="here", remain_quota="100k", expired_time="30d")
        await desk.eventually(lambda: [m for m in desk.dm(ADA, "is ready") if "here" in text_of(m)])
    house.write()
    async with house.running() as desk:
        await desk.eventually(lambda: [one.name for one in named(house.prod)] == ["there"])
        await desk.eventually(lambda: "approved by" in text_of(desk.card(1)))


async def test_an_alert_about_a_key_of_a_removed_gateway_calls_once_and_says_how_to_close_it(house: House) -> None:
    leaked = house.prod.add_key(name="leaked-there", unlimited_quota=True)
    unread = house.prod.add_key(name="unread-there", unlimited_quota=True)

    def calls(desk: Desk, name: str) -> int:
        found = [m for m in desk.messages(seed.SECURITY_CHANNEL) if m.thread_ts and "still works" in text_of(m)]
        return len([m for m in found if name in text_of(m)])

    async with house.running() as desk:
        await desk.eventually(lambda: desk.app.alerts.index.complete)
        await send(desk, "generic", f"KEY={house.prod.key_value(leaked.id)}")
        await desk.eventually(lambda: calls(desk, "leaked-there"))
    house.write(gateways="")
    async with house.running() as desk:
        await desk.pass_time(6 * MINUTE)
        [card] = await desk.eventually(lambda: [m for m in cards(desk, GONE) if "leaked-there" in text_of(m)])
        assert "*Called once*: the role *" in text_of(card)
        assert "close this alert with *Not ours*" in text_of(card)
        assert set(buttons_of(card)) == {"not_ours", "false_alarm"}
        await send(desk, "generic", f"KEY={house.prod.key_value(unread.id)}", number=2)
        await desk.eventually(lambda: len(cards(desk, GONE)) == 2)
        await desk.eventually(lambda: calls(desk, f"prod/{unread.id}"))
        await desk.pass_time(9 * HOUR)
        assert (calls(desk, "leaked-there"), calls(desk, f"prod/{unread.id}")) == (1, 1)
        other = next(m for m in cards(desk, GONE) if "leaked-there" not in text_of(m))
        await desk.slack.click(SAM, other, "not_ours")
        await desk.eventually(lambda: cards(desk, "Not ours, says"))
    house.write()
    async with house.running() as desk:
        # It is back, so somebody has to act again, and can.
        await desk.pass_time(16 * MINUTE)
        await desk.eventually(lambda: calls(desk, "leaked-there") >= 2)
        await desk.eventually(lambda: [m for m in cards(desk, "*Next call*") if "disable" in buttons_of(m)])


async def test_a_rule_holds_at_one_gateway_alone(house: House) -> None:
    rule = """
[[rules]]
name = "nothing-new-at-prod"
who = ["*"]
do = ["key.create"]
when = { gateway_in = ["prod"] }
deny = "The payment team looks after its keys."
"""
    house.write(rules=rule)
    async with house.running() as desk:
        assert "The payment team looks after its keys." in await asked(desk, "prod", "there")
        await asked(desk, "default", "here")
        await desk.eventually(lambda: [m for m in desk.dm(ADA, "is ready") if "here" in text_of(m)])


async def test_a_change_of_the_gateways_counts_from_the_next_start(house: House) -> None:
    async with house.running() as desk:
        assert not [one for one in await desk.app.reasons() if "have changed" in one]
        house.write(gateways=GATEWAYS.replace("127.0.0.2:1", "127.0.0.3:1"))
        desk.app.policy.look()
        assert [one for one in await desk.app.reasons() if "The gateways in the policy file have changed" in one]


async def test_the_same_account_twice_is_said(house: House) -> None:
    house.write(gateways=GATEWAYS.replace("127.0.0.2", "127.0.0.1").replace("user_id = 7\n", ""))
    async with house.running(token=house.world.access_token) as desk:
        await desk.eventually(lambda: "Two gateways are the same" in " ".join(desk.app.resources.gateway_problems()))


async def _previewed(desk: Desk, command: str, told: str) -> str:
    """The preview of a batch, once it says that; the window is closed."""
    await desk.slack.command(SAM, CHANNEL, command)
    await desk.eventually(lambda: told in view_text(desk.slack.top_view(SAM)))
    view = desk.slack.top_view(SAM)
    await desk.slack.close_view(SAM, view)
    return view_text(view)


async def test_a_batch_and_a_value_over_two_gateways(sqlite_house: House) -> None:
    """Keys with the same number at both: one batch disables both, and each shows its own value."""
    house = sqlite_house
    here, there = house.world.gateway.add_key(name="here"), house.prod.add_key(name="there")
    while there.id < here.id:
        there = house.prod.add_key(name=f"there-{there.id}")
    assert here.id == there.id
    async with house.running() as desk:
        await desk.eventually(lambda: desk.app.alerts.index.complete)
        await asked(desk, "prod", "mine")
        await desk.eventually(lambda: [m for m in desk.dm(ADA, "is ready") if "mine" in text_of(m)])
        mine = next(one for one in named(house.prod) if one.name == "mine")
        await desk.slack.command(ADA, CHANNEL, f"/apikey show prod/{mine.id}")
        await desk.eventually(lambda: "mine" in view_text(desk.slack.top_view(ADA)))
        await desk.slack.click(ADA, desk.slack.top_view(ADA), "key.reveal", value=str(BLOCK + mine.id))
        await desk.eventually(lambda: house.prod.key_value(mine.id) in view_text(desk.slack.top_view(ADA)))
        await desk.slack.command(SAM, CHANNEL, f"/apikey disable prod/{there.id} default/{here.id}")
        await desk.eventually(lambda: "2 keys" in view_text(desk.slack.top_view(SAM)))
        await desk.fill(SAM, desk.slack.top_view(SAM), confirm="disable 2", reason="both leaked")
        assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
        await desk.eventually(lambda: house.prod.key(there.id).status == DISABLED)
        await desk.eventually(lambda: house.world.gateway.key(here.id).status == DISABLED)
        await desk.slack.close_view(SAM, desk.slack.top_view(SAM))
        # While one is away the keys of the other are disabled, and what is left says how it is done later.
        house.prod.arm("panic", times=None)
        two = f"/apikey disable notebooks, prod/{mine.id}"
        for command in (two, "/apikey disable created before 2100-01-01"):
            shown = await _previewed(desk, command, "left out")
            assert f"prod/{mine.id}" in shown, shown
            assert "notebooks" in shown, shown
            assert "To do only what was left out, later: `/apikey disable prod/" in shown, shown
        assert "has trouble" in await _previewed(desk, "/apikey disable notebooks, unheard-of", "the gateway prod")
        await desk.slack.command(SAM, CHANNEL, two)
        await desk.eventually(lambda: "1 key will be disabled" in view_text(desk.slack.top_view(SAM)))
        await desk.fill(SAM, desk.slack.top_view(SAM), confirm="disable 1", reason="both leaked")
        assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
        await desk.eventually(
            lambda: desk.said(f"without key prod/{mine.id}, which could not be read", seed.SECURITY_CHANNEL)
        )
        house.prod.disarm()
        assert "mine" in await _previewed(desk, f"/apikey disable prod/{mine.id}", "mine")
