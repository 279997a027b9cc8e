"""What a database driver says of a failure, for people. Knows no driver."""


def reason_of(error: BaseException | None) -> str:
    """The driver's first line: refused, unknown host, wrong password. It never holds the password."""
    return next(iter(str(error).splitlines()), type(error).__name__)
