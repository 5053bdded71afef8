from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holytui.ui.tree.comparison import SIDE_BY_SIDE, comparison_lines, folded
from holytui.ui.tree.diff import compare

TITLES = "variant 1", "variant 2"


def shown(first: str, second: str, width: int) -> list[str]:
    return [line.plain.rstrip() for line in comparison_lines(compare(first, second), TITLES, width)]


def test_wide_terminals_show_the_texts_side_by_side() -> None:
    lines = shown("same\nuse print here\ngone", "same\nuse echo here", SIDE_BY_SIDE)
    left = (SIDE_BY_SIDE - 3) // 2
    assert [(line[:left].rstrip(), line[left + 3 :]) for line in lines[2:]] == [
        ("  same", "  same"),
        ("- use [-print-] here", "+ use {+echo+} here"),
        ("- gone", ""),
    ]
    assert lines[0].split(" │ ")[0].rstrip() == "variant 1"


def test_narrow_terminals_show_one_text_below_the_other() -> None:
    assert shown("same\nuse print here\ngone", "same\nuse echo here", 40) == [
        "- variant 1",
        "+ variant 2",
        "─" * 40,
        "  same",
        "- use [-print-] here",
        "+ use {+echo+} here",
        "- gone",
    ]


def test_equal_lines_far_from_a_change_are_counted() -> None:
    text = "\n".join(str(number) for number in range(20))
    assert shown(text, text.replace("10", "ten"), 40)[3:6] == ["⋯ 7 equal lines", "  7", "  8"]
    assert shown(text, text, 40)[3:] == ["The texts are equal.", "⋯ 20 equal lines"]


def test_control_characters_and_markup_are_only_text() -> None:
    (line,) = [line for line in shown("a", "[red]\x1b[2Jb", 40) if "[red]" in line]
    assert "\x1b" not in line


_TEXTS = st.text(st.sampled_from("ab ế界\n\t"), max_size=80)


@given(_TEXTS, _TEXTS, st.integers(4, 140))
def test_every_line_fits(first: str, second: str, width: int) -> None:
    lines = comparison_lines(compare(first, second), TITLES, width)
    assert max(line.cell_length for line in lines) <= width


@given(_TEXTS, _TEXTS)
def test_folding_hides_equal_lines_only(first: str, second: str) -> None:
    pairs = compare(first, second)
    items = list(folded(pairs))
    assert sum(item if isinstance(item, int) else 1 for item in items) == len(pairs)
    kept = [item for item in items if not isinstance(item, int)]
    assert [pair for pair in kept if not pair.is_equal] == [pair for pair in pairs if not pair.is_equal]


def test_a_line_to_which_words_were_only_added_has_a_sign_on_both_sides() -> None:
    assert shown("use print", "use the print", 40)[3:] == ["- use print", "+ use {+the +}print"]
