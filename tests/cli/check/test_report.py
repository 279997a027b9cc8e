"""The lines of `keydesk check`: their form, their counts, and that no secret is in them."""

import io

from bot.cli.check.report import Report


def test_each_line_says_its_level_its_subject_and_what_to_do() -> None:
    out = io.StringIO()
    report = Report(out=out, secrets=())
    report.ok("policy", "12 rules.")
    report.warn("group S1", "it is empty", "add people.")
    report.fail("gateway", "refuses the token", "copy it again")
    assert out.getvalue().splitlines() == [
        "ok    policy: 12 rules",
        "warn  group S1: it is empty; add people",
        "FAIL  gateway: refuses the token; copy it again",
    ]
    assert (report.failures, report.warnings) == (1, 1)


def test_a_secret_and_an_escape_of_the_terminal_are_not_written() -> None:
    out = io.StringIO()
    Report(out=out, secrets=("hunter2hunter2",)).fail("x", "the password is hunter2hunter2 \x1b[31mred")
    assert "hunter2" not in out.getvalue()
    assert "\x1b" not in out.getvalue()
