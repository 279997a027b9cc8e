"""The gateway's windows of requests slide, and what is refused does not count."""

from keydesk_sandbox.fake_gateway.limits import Windows


def test_a_window_slides_and_a_refused_request_does_not_count() -> None:
    windows = Windows()
    admitted = [windows.admits("ip", "1.2.3.4", (2, 10), now=at) for at in (0.0, 1.0, 2.0, 9.9, 10.0, 10.5, 11.0)]
    assert admitted == [True, True, False, False, True, False, True]


def test_each_kind_and_each_caller_has_a_window() -> None:
    windows = Windows()
    assert windows.admits("ip", "a", (1, 10), now=0.0)
    assert windows.admits("ip", "b", (1, 10), now=0.0)
    assert windows.admits("search", "a", (1, 10), now=0.0)
    assert not windows.admits("ip", "a", (1, 10), now=0.0)
    assert windows.admits("ip", "a", None, now=0.0)
