from bot.slack.rate_limits import CallWindow, Pacer
from tests.keydesk_sandbox.fake_slack.kit import Clock


def test_a_window_never_lets_more_through_in_any_minute() -> None:
    clock = Clock()
    window = CallWindow(per_minute=3, clock=clock)
    assert [window.take() for _ in range(4)] == [True, True, True, False]
    clock.now += 59
    assert not window.take()
    clock.now += 1
    assert window.take()


def test_a_window_is_closed_while_slack_says_so() -> None:
    clock = Clock()
    window = CallWindow(per_minute=3, clock=clock)
    window.hold(5)
    assert not window.take()
    clock.now += 5
    assert window.take()


def test_turns_come_in_order_and_are_kept() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock)
    waits = [pacer.turn("C1", str(n), every=1.0, burst=2) for n in range(5)]
    assert waits == [0, 0, 1, 2, 3]
    # Asking again does not lose the place.
    assert pacer.turn("C1", "4", every=1.0, burst=2) == 3
    clock.now += 3
    assert pacer.turn("C1", "4", every=1.0, burst=2) == 0
    assert pacer.turn("C1", "2", every=1.0, burst=2) == 0


def test_a_turn_that_is_only_asked_for_is_kept() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock)
    assert [pacer.turn("C1", who, every=1.0, burst=1, use=False) for who in ("a", "b", "a", "b")] == [0, 1, 0, 1]
    assert pacer.turn("C1", "a", every=1.0, burst=1) == 0
    assert pacer.turn("C1", "c", every=1.0, burst=1) == 2
    clock.now += 1
    assert pacer.turn("C1", "b", every=1.0, burst=1) == 0


def test_turns_that_nobody_came_for_are_forgotten_in_a_busy_lane() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock)
    for n in range(700):
        pacer.turn("C1", str(n), every=1.0, burst=1, use=False)
        clock.now += 1
    assert len(pacer._lanes["C1"].turns) <= 602


def test_lanes_do_not_wait_for_each_other() -> None:
    pacer = Pacer(clock=Clock())
    assert pacer.turn("C1", "a", every=1.0, burst=1) == 0
    assert pacer.turn("C1", "b", every=1.0, burst=1) == 1
    assert pacer.turn("C2", "c", every=1.0, burst=1) == 0


def test_a_quiet_lane_saves_up_its_burst_and_no_more() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock)
    assert [pacer.turn("C1", f"a{n}", every=1.0, burst=2) for n in range(2)] == [0, 0]
    clock.now += 100
    assert [pacer.turn("C1", f"b{n}", every=1.0, burst=2) for n in range(3)] == [0, 0, 1]


def test_a_held_lane_waits_for_slack() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock)
    pacer.hold("C1", 5)
    assert pacer.turn("C1", "a", every=1.0, burst=1) == 0
    pacer.hold("C1", 30)
    assert pacer.turn("C1", "b", every=1.0, burst=1) == 30


def test_lanes_and_turns_that_nobody_uses_are_forgotten() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock)
    for n in range(3):
        pacer.turn(f"C{n}", "a", every=1.0, burst=1)
    clock.now += 10_000
    pacer.turn("C9", "a", every=1.0, burst=1)
    assert set(pacer._lanes) == {"C9"}
