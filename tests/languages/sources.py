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
# What makes a text bold or code, and what makes one list of several such texts.
_FORMATTERS = frozenset({"bold_name", "code", "key_name", "names_text"})
_LISTS = frozenset({"with_commas", "all_of", "one_of", "some_of"})


@dataclass(frozen=True)
class Asked:
    """One call. `texts`: the English ones, None where they are no literals; `given`: names of arguments; `formatted`:
    those of them that are bold or code.
    """

    where: str
    function: str
    texts: tuple[str | None, ...]
    context: str
    given: frozenset[str]
    formatted: frozenset[str]

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
    tree = ast.parse(path.read_text())
    within = {id(node): part for part in ast.walk(tree) if isinstance(part, ast.FunctionDef) for node in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TEXTS:
            texts = tuple(_literal(node, at) for at in _TEXTS[node.func.id])
            names = _formatted_names(within[id(node)]) if id(node) in within else frozenset[str]()
            yield Asked(
                where=f"{path.relative_to(BOT.parent)}:{node.lineno}",
                function=node.func.id,
                texts=texts,
                context=(_literal(node, 0) or "") if node.func.id == "trc" else "",
                given=frozenset(keyword.arg or "**" for keyword in node.keywords)
                | (frozenset({"count"}) if node.func.id == "trn" else frozenset()),
                formatted=frozenset(one.arg for one in node.keywords if one.arg and _is_formatted(one.value, names)),
            )


@cache
def _formatted_names(part: ast.FunctionDef) -> frozenset[str]:
    """Variables of a function that hold a text that is bold or code."""
    pairs = [
        pair
        for node in ast.walk(part)
        if isinstance(node, ast.Assign)
        for target in node.targets
        for pair in (
            zip(target.elts, node.value.elts, strict=False)
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            else [(target, node.value)]
        )
    ]
    return frozenset(
        target.id for target, value in pairs if isinstance(target, ast.Name) and _is_formatted(value, frozenset())
    )


def _is_formatted(value: ast.expr, names: frozenset[str]) -> bool:
    if isinstance(value, ast.Name):
        return value.id in names
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str) and value.value.startswith(("`", "*"))
    if isinstance(value, ast.GeneratorExp | ast.ListComp):
        return _is_formatted(value.elt, names)
    if isinstance(value, ast.IfExp):
        return _is_formatted(value.body, names) or _is_formatted(value.orelse, names)
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return False
    if value.func.id in _LISTS:
        return bool(value.args) and _is_formatted(value.args[0], names)
    return value.func.id in _FORMATTERS


def _literal(node: ast.Call, at: int) -> str | None:
    found = node.args[at] if at < len(node.args) else None
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else None
