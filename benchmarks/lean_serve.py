"""`keydesk serve` as installed: hides packages of development that some libraries load where they are."""

import importlib.abc
import sys
from collections.abc import Sequence
from types import ModuleType

# structlog and httpx load them for a terminal: 60 modules, 5 MiB and 0.06 s.
DEVELOPMENT = frozenset({"rich", "pygments"})


class _Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        if name.partition(".")[0] in DEVELOPMENT:
            raise ModuleNotFoundError(f"hidden: {name}", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, _Hidden())
    from bot.__main__ import main

    sys.argv = ["keydesk", "serve"]
    raise SystemExit(main())
