"""A library imported without what it only names: everything works when it is touched, and not before is it imported."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from bot.late_imports import late_imports

# A library with an annotation, an isinstance and a call; and one that derives a class, which cannot be late.
LIBRARY = """
import heavy
from heavy import Box, parts
from heavy.errors import Broken

def of(one: Box[int] | None) -> bool:
    return isinstance(one, Box)

def make(): return Box(3)
def size(): return Box.size
def is_broken(error): return isinstance(error, heavy.errors.Broken), isinstance(error, Broken)
def word(): return parts.WORD
"""
DERIVED = "from heavy import Box\nclass Mine(Box): pass\n"
HEAVY = """
from heavy import errors, parts

class Box:
    size = 7
    def __init__(self, number): self.number = number
    def __class_getitem__(cls, item): return cls
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "heavy").mkdir()
    (tmp_path / "heavy" / "__init__.py").write_text(HEAVY)
    (tmp_path / "heavy" / "errors.py").write_text("class Broken(Exception): pass\n")
    (tmp_path / "heavy" / "parts.py").write_text("WORD = 'here'\n")
    (tmp_path / "library.py").write_text(LIBRARY)
    (tmp_path / "derived.py").write_text(DERIVED)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("heavy", "heavy.errors", "heavy.parts", "library", "derived"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


LATE = ("heavy", "heavy.errors", "heavy.parts")


@pytest.mark.usefixtures("library")
def test_what_is_only_named_is_not_imported() -> None:
    with late_imports(*LATE):
        library = import_module("library")
    assert library.of(3) is False
    assert [name for name in sys.modules if name.startswith("heavy")] == []


@pytest.mark.usefixtures("library")
def test_what_is_touched_is_the_real_one() -> None:
    with late_imports(*LATE):
        library = import_module("library")
    assert library.make().number == 3
    heavy = import_module("heavy")

    assert library.of(heavy.Box(1)) is True
    assert library.of(1) is False
    assert library.size() == 7
    assert library.word() == "here"
    assert library.is_broken(heavy.errors.Broken()) == (True, True)
    assert library.is_broken(ValueError()) == (False, False)


@pytest.mark.usefixtures("library")
def test_what_does_not_exist_is_an_attribute_error() -> None:
    with late_imports(*LATE):
        library = import_module("library")
    with pytest.raises(AttributeError, match="nothing"):
        _ = library.heavy.nothing
    with pytest.raises(AttributeError):
        _ = library.heavy.__path__
    with pytest.raises(AttributeError):
        _ = library.Box.__wrapped__


@pytest.mark.usefixtures("library")
def test_a_base_class_cannot_be_late() -> None:
    with pytest.raises(TypeError, match=r"heavy\.Box is imported late"), late_imports(*LATE):
        import_module("derived")
    assert [name for name in sys.modules if name.startswith("heavy")] == []


@pytest.mark.usefixtures("library")
def test_what_is_there_already_is_used() -> None:
    heavy = import_module("heavy")

    with late_imports(*LATE):
        library = import_module("library")
    assert library.Box is heavy.Box
