"""Text too long for one frame: incomplete and complete layout."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.models import AnswerState, Message, Role
from holytui.ui.markdown import document as document_module
from holytui.ui.markdown import plain as plain_module
from holytui.ui.markdown.budget import Spent
from holytui.ui.markdown.document import MarkdownDocument
from holytui.ui.transcript import message_view
from holytui.ui.transcript.message_view import MessageView
from tests.ui.markdown_fragments import extended
from tests.ui.markdown_shapes import SHAPES, shape
from tests.ui.test_markdown_cost import calls

WIDTH = 80


def once() -> Spent:
    """A budget for one slice."""
    looks = iter([False])
    return lambda: next(looks, True)


def few() -> Spent:
    """A budget for a few slices."""
    looks = iter([False] * 4)
    return lambda: next(looks, True)


def look(document: MarkdownDocument, width: int = WIDTH) -> list[object]:
    return [(line.text, tuple(line.content.spans), line.indent, line.joint) for line in document.lines(width)]


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make documents lay out nothing beyond their budget."""
    monkeypatch.setattr(document_module, "_IMMEDIATE", 0)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", SHAPES)
def test_work_grows_with_the_text_and_no_slice_is_long(name: str) -> None:
    MarkdownDocument(shape(name, 1_000)).lines(WIDTH)  # triggers lazy imports

    def work(length: int) -> tuple[int, int]:
        document = MarkdownDocument(shape(name, length), once)
        spent: list[int] = []
        while document.behind(WIDTH):
            spent.append(calls(lambda: document.advance(WIDTH, once())))
        return sum(spent), max(spent)

    half, _ = work(3_000)
    whole, longest = work(6_000)
    assert whole <= 2.6 * half + 30_000
    assert longest < 150_000  # some 30 ms


@settings(deadline=None, max_examples=50)
@given(extended, st.integers(12, 70))
def test_text_that_is_laid_out_in_slices_looks_as_if_at_once(source: str, width: int) -> None:
    document = MarkdownDocument(source, once)
    while document.behind(width):
        document.advance(width, once())
    assert look(document, width) == look(MarkdownDocument(source), width)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the length at which Markdown ends."""
    monkeypatch.setattr(document_module, "MARKDOWN_LIMIT", 400)
    monkeypatch.setattr(document_module, "_BREAK_SEARCH", 100)


LONG = "".join(f"Line **{number}** of the text.\n" for number in range(400))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("piece", [1, 7, 100, 511, 5_000])
def test_what_is_too_long_goes_on_as_plain_text_wherever_it_was_cut(piece: int) -> None:
    document = MarkdownDocument()
    for at in range(0, len(LONG), piece):
        document.append(LONG[at : at + piece])
        if piece > 50:
            document.lines(WIDTH)
    shown = [line.text for line in document.lines(WIDTH)]
    assert look(document) == look(MarkdownDocument(LONG))
    assert shown[0] == "Line 0 of the text."
    assert shown[-1] == "Line **399** of the text."
    assert sum("no formatting" in line for line in shown) == 1
    assert all(any(str(number) in line for line in shown) for number in range(400))


@pytest.mark.usefixtures("short")
def test_plain_text_is_wrapped_and_marked_and_found() -> None:
    source = "a\n" * 200 + "漢字" * 30 + "\n" + "x" * 50 + "\n\tend\n"
    document = MarkdownDocument(source)
    document.set_seams([len(source) - 3])
    texts = [line.text for line in document.lines(20)]
    assert texts[-4:] == ["x" * 20, "x" * 20, "x" * 10, "    e┊nd"]
    assert "".join(texts).count("漢字") == 30
    assert abs(document.line_near(20, source.index("x")) - (len(texts) - 4)) <= 20
    with pytest.raises(IndexError):
        document.line(20, len(texts))


@pytest.mark.usefixtures("short")
def test_code_that_reaches_into_the_plain_text_is_copied_whole() -> None:
    code = "".join(f"print({number})\n" for number in range(100))
    document = MarkdownDocument(f"```python\n{code}```\nafter\n\n```\nmore\n```\n")
    (block,) = document.code_blocks
    assert (block.language, block.text) == ("python", code.removesuffix("\n"))


def test_a_text_that_has_grown_is_not_kept_as_it_was() -> None:
    for text in ("a **word**\n" * 10, "plain " * 40_000):  # as Markdown, and too long for it
        old, new = text + "old", text + "older"
        made = MarkdownDocument(old)
        made.lines(80)
        made.lines(40)
        holders = sys.getrefcount(old)
        made.grow(new)
        assert holders > 2
        assert sys.getrefcount(old) == 2  # this variable and the call


def test_many_lines_are_too_long_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "_LINES_LIMIT", 10)
    texts = [line.text for line in MarkdownDocument("*a*\n\n" * 10).lines(WIDTH)]
    assert texts[0] == "a"
    assert texts[-2] == "*a*"


def test_an_entry_shows_the_beginning_at_once_and_the_rest_in_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    budget: Callable[[float], Spent] = lambda _seconds: few()  # noqa: E731 - a stand-in for `within`
    monkeypatch.setattr(message_view, "within", budget)
    entry = MessageView(Message("a", "c", None, Role.ASSISTANT, LONG, 1.0, reasoning=LONG, state=AnswerState.STREAMING))
    entry.set_open(True)
    first = entry.height(WIDTH)
    assert entry.height(WIDTH) == first
    assert entry.behind(WIDTH)
    while entry.behind(WIDTH):
        entry.advance(WIDTH, few())
    rows = [entry.line(WIDTH, y) for y in range(entry.height(WIDTH))]
    assert sum("399 of the text" in row.content.plain for row in rows) == 2
    entry.sync(LONG + "and more", LONG)
    assert entry.line(WIDTH, entry.height(WIDTH) - 2).content.plain.endswith("and more")


def test_a_line_without_an_end_is_too_long_as_well() -> None:
    long = "*a* " + "b" * 40_000
    document = MarkdownDocument()
    for at in range(0, len(long), 999):
        document.append(long[at : at + 999])
        document.lines(WIDTH)
    assert look(document) == look(MarkdownDocument(long + "\n*c*\n"))[:-1]
    assert "".join(line.text for line in document.lines(WIDTH)).count("b") == 40_000


def test_plain_text_is_taken_in_slices_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "MARKDOWN_LIMIT", 1_000)
    document = MarkdownDocument("", once)
    document.grow("a line of a very long text\n" * 10_000)
    ends = []
    while document.behind(WIDTH):
        document.advance(WIDTH, once())
        ends.append(document._view_at(WIDTH).plain.end)  # type: ignore[union-attr]  # set from the first slice on
    assert max(after - before for before, after in itertools.pairwise(ends)) <= 3 * 4_096


def test_no_step_wraps_many_short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(plain_module, "make_line", lambda *_arguments: made.append(0))
    source = "a\n" * 5_000
    plain = plain_module.PlainText(0, WIDTH)
    while plain.end < len(source):
        made.clear()
        plain.wrap_next(source)
        assert len(made) <= 128
    assert plain.height == 5_000
