from bot.alerts.cards.unknown import unknown_card
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import Alert, AlertStatus, KeyFinding

MINUTE = 29_833_333


def alert(number: int, *, looked_up: bool = True) -> Alert:
    finding = KeyFinding(hint="Z9Z9abcd", how=MatchKind.UNKNOWN)
    return Alert(
        id=number,
        source="slack",
        their_id=f"C1:{number}",
        status=AlertStatus.OPEN,
        title="",
        text="",
        url="",
        place={"shown_by": "U0ADA"},
        findings=(finding,),
        received_at=MINUTE * 60.0,
        looked_up_at=MINUTE * 60.0 if looked_up else None,
    )


def test_many_are_one_message_with_their_number() -> None:
    message = unknown_card([alert(1), alert(2)], 512, minute=MINUTE)
    assert message.text == "512 alerts of one minute name no key that is known here."
    shown = str(message.blocks)
    assert "Alert 1 from a Slack message: `sk-Z9Z9…abcd`, reported by <@U0ADA>" in shown
    assert "510 more of this minute are not shown." in shown


def test_it_says_that_nobody_is_called_while_it_is_open() -> None:
    assert "Nobody is called" in str(unknown_card([alert(1)], 2, minute=MINUTE).blocks)
    assert "Nobody is called" not in str(unknown_card([alert(1, looked_up=False)], 2, minute=MINUTE).blocks)


def test_it_is_honest_about_what_was_not_looked_up_and_what_went_elsewhere() -> None:
    assert "not looked up yet" in unknown_card([alert(1, looked_up=False)], 2, minute=MINUTE).text
    assert "messages of their own" in unknown_card([], 0, minute=MINUTE).text
