"""Arguments of `keydesk policy …`, and what they are given to work with. The work itself is in policy.py.

Needs no setting: the file is the argument or KEYDESK_POLICY. Slack and the gateway are asked where they are set.
"""

import argparse
import contextlib
import sys
import time
from pathlib import Path

from bot import logs
from bot.errors import ConfigurationError
from bot.settings import PartialSettings, read

ABOUT = """\
Needs no Slack and no gateway, and asks them where they are set. The policy file is the argument, else
KEYDESK_POLICY (by default policy.toml in the working directory); KEYDESK_UNITS_PER_USD says what a dollar is
(by default 500000 units), of further gateways the policy file; with --key the gateway itself is asked.
docs/policy.md explains the file, policy.example.toml is one to begin with."""

_LINT = """\
Prints every mistake, or else every doubtful rule, with file, line and column. When SLACK_BOT_TOKEN is set, the
user groups of the policy are looked up in Slack as well, and PagerDuty is asked who is on call now in its schedules.
What nobody may do is a note: it may be meant so.

Reads KEYDESK_POLICY, KEYDESK_UNITS_PER_USD, SLACK_BOT_TOKEN, KEYDESK_PAGERDUTY_TOKEN.
Exit codes: 0 nothing found, 1 something found (also when there is no such file), 2 a wrong setting."""
_EXPLAIN = """\
Prints the decision, the rule it comes from, and why each earlier rule did not match.

  keydesk policy explain key.create --as engineer --with remain_quota=100k --with expired_time=30d
  keydesk policy explain key.disable --as U012ABCDEF --key production

Reads KEYDESK_POLICY and KEYDESK_UNITS_PER_USD; SLACK_BOT_TOKEN to see the groups of a person (U…) as they are now;
COMETAPI_… and DATABASE_URL for --key. A wrong FIELD is refused with those that the operation has.
Exit codes: 0 explained (whatever the decision), 2 the question cannot be put."""
_WHAT_CAN = """\
Prints, for each operation, how much people of a role may have at once and under which conditions, and who decides
the rest, by which rule. Those rules are told in their order; the first whose conditions hold decides. Amounts are for
somebody who has nothing yet.

  keydesk policy what-can engineer

Reads KEYDESK_POLICY and KEYDESK_UNITS_PER_USD. Exit codes: 0 told, 2 there is no such role or the file is wrong."""
_TEST = """\
Decides every case of a file and says which one comes out otherwise than expected:

  [[cases]]
  as = "engineer"                    # a role, an id, or "guest", "outsider", "nobody"; or a list of them
  do = "key.create"
  on = "own"                         # optional: own (default) or any
  with = { remain_quota = "100k", expired_time = "30d" }
  expect = "allow"                   # allow, deny or approval
  rule = "small keys are free"       # optional: by this rule

A person's id alone is that person with the groups of now when SLACK_BOT_TOKEN is set, else somebody in no group.

Reads KEYDESK_POLICY, KEYDESK_UNITS_PER_USD, SLACK_BOT_TOKEN.
Exit codes: 0 all as expected, 1 not all, 2 a file cannot be read."""
_REPLAY = """\
Decides every past request of the record again under that policy and prints which would come out otherwise.
Refusals are not among them: what the policy refused never became a request. People's roles are those Slack shows
now when SLACK_BOT_TOKEN is set; else those that the rule of the time names.

Reads DATABASE_URL, KEYDESK_UNITS_PER_USD, SLACK_BOT_TOKEN; may run while `serve` runs.
Exit codes: 0 replayed (whatever differs), 2 the file or the database cannot be read."""


def add(parser: argparse.ArgumentParser) -> None:
    """The sub-commands."""
    parts = parser.add_subparsers(dest="policy_command", metavar="COMMAND", required=True)

    def command(name: str, short: str, long: str) -> argparse.ArgumentParser:
        return parts.add_parser(
            name, help=short, description=long, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    lint = command("lint", "every mistake and every doubtful rule", _LINT)
    lint.add_argument("file", nargs="?", type=Path, metavar="FILE", help="policy file (default: KEYDESK_POLICY)")
    lint.set_defaults(run=_lint)
    explain = command("explain", "the decision, its rule, and why each earlier rule did not match", _EXPLAIN)
    _add_question(explain)
    explain.set_defaults(run=_explain)
    test = command("test", "decide the cases of a file and compare", _TEST)
    test.add_argument("cases", type=Path, metavar="CASES.toml", help="file with [[cases]]")
    test.set_defaults(run=_test)
    what_can = command("what-can", "what people of a role may do, and who decides the rest", _WHAT_CAN)
    what_can.add_argument("role", metavar="ROLE", help="a role of the policy, a Slack id, nobody, guest, …")
    what_can.set_defaults(run=_what_can)
    replay = command("replay", "past requests against another policy", _REPLAY)
    replay.add_argument("file", type=Path, metavar="FILE", help="the policy to try")
    replay.set_defaults(run=_replay)


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operation", metavar="OPERATION", help="such as key.create")
    parser.add_argument(
        "--as",
        dest="who",
        required=True,
        metavar="USER",
        help="a Slack user id (U…), a role of the policy, or guest, outsider, bot, deactivated, nobody",
    )
    parser.add_argument(
        "--in", dest="groups", action="append", default=[], metavar="GROUP", help="also in this user group; repeatable"
    )
    parser.add_argument("--key", metavar="KEY", help="number (prod/12) or exact name of a key, read from its gateway")
    parser.add_argument("--on", choices=("own", "any"), help="own key or anybody's (default: as --key says, else own)")
    parser.add_argument(
        "--with",
        dest="fields",
        action="append",
        default=[],
        nargs="+",
        metavar="FIELD=VALUE",
        help="what the form would say, as people type it: remain_quota=100k, expired_time=30d, delta=+$5; repeatable",
    )


def _units(partial: PartialSettings) -> int:
    if not partial.usable("KEYDESK_UNITS_PER_USD"):
        raise ConfigurationError([partial.problems["KEYDESK_UNITS_PER_USD"]])
    return partial.settings.keydesk_units_per_usd


def _begin() -> PartialSettings:
    partial = read()
    # What cannot be asked is printed as a note; the log would say it again, at length.
    logs.configure(secrets=partial.settings.secrets(), level="CRITICAL")
    return partial


def _lint(arguments: argparse.Namespace) -> int:
    from bot.cli.lookups import Members, groups_now, run, slack_is_set  # noqa: PLC0415  # quick --help, here and below
    from bot.cli.on_call import OnCallNow  # noqa: PLC0415  # quick --help
    from bot.cli.policy import lint_policy  # noqa: PLC0415
    from bot.policy_file import load_policy  # noqa: PLC0415

    partial, out = _begin(), sys.stdout
    path = arguments.file or partial.settings.keydesk_policy
    units = _units(partial)
    members, on_call = Members({}, {}), list[OnCallNow]()
    if slack_is_set(partial, out):
        # lint_policy prints the mistakes of a policy that cannot be read.
        with contextlib.suppress(ConfigurationError):
            policy = load_policy(path, units_per_usd=units)
            try:
                members, on_call = run(groups_now(partial, policy))
            except TimeoutError:
                out.write("note: Slack did not answer in time; the groups are not looked at.\n")
    found = lint_policy(path, out=out, units_per_usd=units, groups=members.known)
    unasked = sum(not sentence for sentence in members.wrong.values())
    if unasked:
        out.write(f"note: Slack could not be asked about {unasked} user groups.\n")
    out.writelines(f"note: {one.line}\n" for one in on_call if one.found or not one.told)
    wrong = [sentence for sentence in members.wrong.values() if sentence]
    wrong += [one.line for one in on_call if one.told and not one.found]
    out.writelines(f"{path}: {sentence}\n" for sentence in wrong)
    return 1 if wrong else found


def _explain(arguments: argparse.Namespace) -> int:
    from bot.cli import lookups  # noqa: PLC0415
    from bot.cli.policy import FindActor, FindKey, Question, explain_policy  # noqa: PLC0415
    from bot.policy_file import load_policy  # noqa: PLC0415

    partial, out = _begin(), sys.stdout
    path, units = partial.settings.keydesk_policy, _units(partial)
    question = Question(
        operation=arguments.operation,
        who=arguments.who,
        groups=tuple(arguments.groups),
        key=arguments.key,
        on=arguments.on,
        fields=tuple(field for fields in arguments.fields for field in fields),
    )
    find_actor: FindActor | None = None
    find_key: FindKey | None = None
    if lookups.slack_is_set(partial, out):
        # Functions of one line; the policy is read only when one is called.
        find_actor = lambda user: lookups.find_actor(  # noqa: E731
            partial, load_policy(path, units_per_usd=units), question.groups, user, out
        )
    if partial.usable("COMETAPI_ACCESS_TOKEN", "COMETAPI_BASE_URL", "COMETAPI_USER_ID"):
        find_key = lambda text, actor: lookups.find_key(  # noqa: E731  # as above
            partial, load_policy(path, units_per_usd=units), text, actor, out
        )
    return explain_policy(
        path, question, out=out, now=time.time(), units_per_usd=units, find_actor=find_actor, find_key=find_key
    )


def _test(arguments: argparse.Namespace) -> int:
    from bot.cli import lookups  # noqa: PLC0415
    from bot.cli.policy import FindPeople, check_cases  # noqa: PLC0415

    partial, out = _begin(), sys.stdout
    find_people: FindPeople | None = None
    if lookups.slack_is_set(partial, out):
        find_people = lambda policy, users: lookups.find_people(partial, policy, users, out)  # noqa: E731
    return check_cases(
        partial.settings.keydesk_policy,
        arguments.cases,
        out=out,
        now=time.time(),
        units_per_usd=_units(partial),
        find_people=find_people,
    )


def _what_can(arguments: argparse.Namespace) -> int:
    from bot.cli.policy import what_can  # noqa: PLC0415

    partial = _begin()
    path, units = partial.settings.keydesk_policy, _units(partial)
    return what_can(path, arguments.role, out=sys.stdout, units_per_usd=units)


def _replay(arguments: argparse.Namespace) -> int:
    from bot.cli import lookups, request_history  # noqa: PLC0415
    from bot.cli.policy import replay_policy  # noqa: PLC0415
    from bot.cli.read_only_database import open_read_only  # noqa: PLC0415
    from bot.policy_file import load_policy  # noqa: PLC0415
    from bot.settings import load_database_url  # noqa: PLC0415

    partial, out = _begin(), sys.stdout
    units = _units(partial)
    policies = [load_policy(arguments.file, units_per_usd=units)]
    with open_read_only(load_database_url()) as database:
        rows = lookups.run(database.read(request_history.read_rows))
    ours = partial.settings.keydesk_policy
    if ours.is_file() and ours != arguments.file:
        try:
            # The rule of the time is more likely to be in the policy in force.
            policies.insert(0, load_policy(ours, units_per_usd=units))
        except ConfigurationError:
            out.write(f"note: {ours} has mistakes and is not used for the roles.\n")
    live = partial if lookups.slack_is_set(partial, out) else None
    people = request_history.members_now(live, policies[-1], rows, out=out)
    return replay_policy(
        arguments.file, request_history.past_requests(rows, people, policies), out=out, units_per_usd=units
    )
