"""Calls and replies of the gateway as values."""

from keydesk_sandbox.fake_gateway.wire import HttpCall, failure, html_page, json_reply, success


def test_headers_and_parameters_of_a_call() -> None:
    call = HttpCall(method="GET", path="/x", query="a=1&a=2&b=", headers={"x-forwarded-for": "9.9.9.9, 1.1.1.1"})
    assert (call.parameter("a"), call.parameter("b"), call.parameter("c")) == ("1", "", "")
    assert call.header("X-Forwarded-For").startswith("9.9.9.9")
    assert (call.client(forwarded=True), call.client(forwarded=False)) == ("9.9.9.9", "127.0.0.1")


def test_the_envelopes_of_success_and_failure() -> None:
    assert success().json() == {"success": True, "message": ""}
    assert success(None).json() == {"success": True, "message": "", "data": None}
    refused = failure("no", status=401, code="X")
    assert (refused.status, refused.json()) == (401, {"success": False, "message": "no", "code": "X"})
    assert json_reply({"a": "ü"}).body == '{"a":"ü"}'.encode()


def test_a_page_of_an_edge_is_as_long_as_asked() -> None:
    page = html_page(503, length=5_000)
    assert page.status == 503
    assert len(page.body) >= 5_000
    assert b"Service Unavailable" in page.body
    assert b"A timeout occurred" in html_page(524).body
