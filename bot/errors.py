"""What can go wrong, as one tree. Knows nothing of Slack, the gateway or the database.

BotError                        .sentence is fit for a person to read
├── UserError                   you can fix this: logged at info, without a trace
│   ├── InputError              .fields: block id → sentence
│   ├── PermissionDenied        .rule: the rule that said no, None = no rule allows it
│   ├── ApprovalConflict        somebody or something else was first
│   └── TooMuch                 more than one person may ask for in a time, so that there is room for others
├── GatewayError                we could not (the tree below it: gateway/errors.py)
├── CannotStart                 somebody we need is away; stops the start with exit code 1
└── ConfigurationError          .problems: every wrong setting at once; stops the start
"""

from collections.abc import Mapping, Sequence


class BotError(Exception):
    """Every error that Keydesk raises on purpose.

    `sentence` says what happened, to which thing, and what to do next. It holds no secret, no
    exception text of a library and no payload, so it may be shown to a person as it is.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UserError(BotError):
    """An error that the person who asked can correct."""


class InputError(UserError):
    """What was typed cannot be used. `fields` maps a modal's block id to the sentence under it."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class PermissionDenied(UserError):
    """The policy says no. `rule` is the rule's name, None when no rule allows it."""

    def __init__(self, sentence: str, *, rule: str | None = None) -> None:
        super().__init__(sentence)
        self.rule = rule


class ApprovalConflict(UserError):
    """The request is no longer in the state in which this could be done; the sentence says who was first."""


class TooMuch(UserError):
    """One person asked for more than their share; the sentence says how much that is, and when there is room again."""


class GatewayError(BotError):
    """The gateway did not do what was asked, or did not say whether it did."""


class CannotStart(BotError):
    """The settings may be right, but somebody we need is away. The process stops with exit code 1."""


class ConfigurationError(BotError):
    """Settings or files are wrong. Every problem at once; the process stops with exit code 2."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
