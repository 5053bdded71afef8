"""Names and docstrings that hold for the whole package."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import holytui

PACKAGE = Path(holytui.__file__).parent
ODD = re.compile(
    r"brought home|\blet go on\b|\bput away\b|\bwhoever\b|\bcourier\b|\boutlet\b|\bcan(?:not)? be had\b|\bis had\b"
    r"|\bvisitor\b"
)
"""Phrases that stood for a term of the field: completed, resume, archive, available …"""


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE), ast.parse(file.read_text("utf-8"))


def test_no_two_classes_have_one_name() -> None:
    """Messages of a widget, which are named with their widget, do not count."""
    names = Counter(
        node.name
        for _file, tree in modules()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_docstrings_are_sentences() -> None:
    """Each docstring ends with a full stop, a colon, or something quoted."""
    wrong = []
    for file, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            text = ast.get_docstring(node)
            if text and not re.search(r"[.:!?`…\"”)]$", text.strip()):
                wrong.append(f"{file}: {getattr(node, 'name', 'module')}: {text.splitlines()[-1]}")
    assert wrong == []


def test_no_docstring_or_comment_uses_the_private_vocabulary() -> None:
    found = [
        f"{file}:{number}: {line.strip()}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if ODD.search(line)
    ]
    assert found == []
