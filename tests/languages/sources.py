"""The sentences in the code, read from its syntax: what is asked of `tr`, `trn` and `trc`, and where."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BOT = Path(__file__).parents[2] / "bot"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Function → the positions of its English texts, and of the context.
_TEXTS = {"tr": (0,), "trn": (0, 1), "trc": (1,)}


@dataclass(frozen=True)
class Asked:
    """One call. `texts`: the English ones, None where they are no literals; `given`: names of arguments."""

    where: str
    function: str
    texts: tuple[str | None, ...]
    context: str
    given: frozenset[str]

    @property
    def message(self) -> str | tuple[str, str]:
        """As a catalogue names it."""
        texts = [text or "" for text in self.texts]
        return texts[0] if len(texts) == 1 else (texts[0], texts[1])


def placeholders(text: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(PLACEHOLDER.findall(text))


@cache
def all_asked() -> tuple[Asked, ...]:
    """Every call in the bot."""
    return tuple(one for path in sorted(BOT.rglob("*.py")) for one in _of_file(path))


def _of_file(path: Path) -> Iterator[Asked]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TEXTS:
            texts = tuple(_literal(node, at) for at in _TEXTS[node.func.id])
            yield Asked(
                where=f"{path.relative_to(BOT.parent)}:{node.lineno}",
                function=node.func.id,
                texts=texts,
                context=(_literal(node, 0) or "") if node.func.id == "trc" else "",
                given=frozenset(keyword.arg or "**" for keyword in node.keywords)
                | (frozenset({"count"}) if node.func.id == "trn" else frozenset()),
            )


def _literal(node: ast.Call, at: int) -> str | None:
    found = node.args[at] if at < len(node.args) else None
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else None
