"""Cost of appending text, measured in function calls instead of time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from holytui.ui.markdown.document import MarkdownDocument

PIECE = 60
FUNCTION = '''def number_{i}(first: int, second: str = "{i}") -> int:
    """Say {i}."""
    return sum(x * {i} for x in range(first))  # {second}

'''

GROWING = {
    "paragraphs": "Some **bold** words and a `name` that go on for a line or two of text.\n\n" * 250,
    "one line": "Some **bold** words and a `name` that go on and on in the same line. " * 250,
    "one line with an open bracket": "see [ " + "some words that go on in the same line " * 400,
    "one word": "a1" * 8_000,
    "one line without spaces": "漢字漢字漢字，漢字漢字。" * 700,
    "fence": "```python\n" + "".join(FUNCTION.format(i=100 + i, second="x") for i in range(120)),
    "list": "".join(f"- item {i} with **bold** words and a `name`\n" for i in range(100, 400)),
    "list in a list": "- top\n" + "".join(f"  {i}. item with **bold** words and a `name`\n" for i in range(100, 400)),
    "table": "| a | b |\n|---|---|\n| wide enough for all | wide enough for all |\n"
    + "".join(f"| row {i} | some **text** {i} |\n" for i in range(100, 400)),
    "quotes": "".join(f"> > > line {i} with **bold** words\n" for i in range(100, 400)),
    "formulas": "Some words and $x_1^2$ or \\(\\alpha\\) and then a price of $5 for it.\n\n" * 250,
    "displays": "$$\n\\frac{a}{b} = c\n$$\n\nwords\n\n" * 400,
    "footnotes": "".join(f"[^{i}]: note **bold** and a `name`\n" for i in range(100, 400)),
    "details": "<details>\n<summary>a</summary>\n\n" + "Some **bold** words and a `name`.\n\n" * 400,
    "paragraphs in a quote": "".join(f"> line {i} with **bold** words\n>\n" for i in range(100, 400)),
}


def calls(work: Callable[[], object]) -> int:
    """Count the function calls of `work`."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def costs(source: str, width: int) -> Iterator[int]:
    document = MarkdownDocument()

    def grow(piece: str) -> None:
        document.append(piece)
        document.lines(width)

    grow(source[:PIECE])  # triggers lazy imports
    for start in range(PIECE, len(source), PIECE):
        piece = source[start : start + PIECE]
        yield calls(lambda piece=piece: grow(piece))  # type: ignore[misc]


@pytest.mark.parametrize("name", GROWING)
def test_a_piece_costs_the_same_at_the_end_as_at_the_beginning(name: str) -> None:
    spent = list(costs(GROWING[name], 80))
    tenth = len(spent) // 10
    early = sum(spent[tenth : 2 * tenth])
    assert sum(spent[-tenth:]) <= 1.5 * early


def test_lines_that_are_settled_stay_the_same_objects() -> None:
    document = MarkdownDocument(GROWING["fence"])
    before = list(document.lines(80))
    document.take_changed(80)
    document.append("x = 1\ny")
    after = document.lines(80)
    assert document.take_changed(80) >= len(before) - 1
    assert all(old is new for old, new in zip(before[:-1], after, strict=False))


def test_a_fence_keeps_its_colours_when_it_closes() -> None:
    document = MarkdownDocument(GROWING["fence"][:6_000].rpartition("\n")[0] + "\n")
    before = list(document.lines(80))
    document.append("```\nafter")
    after = document.lines(80)
    assert len(after) > len(before)
    assert all(old is new for old, new in zip(before, after, strict=False))


def test_a_render_without_a_change_does_no_work() -> None:
    document = MarkdownDocument(GROWING["list"])
    document.lines(80)
    assert calls(lambda: document.lines(80)) < 20
