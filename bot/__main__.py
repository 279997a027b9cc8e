"""The command line."""


def main() -> int:
    """Placeholder until the composition root lands."""
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
