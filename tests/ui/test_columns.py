from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from holytui.ui.pages.columns import TableColumn, TableRow, facts, hanging, table

COLUMNS = [TableColumn("day"), TableColumn("model", 2, least=6), TableColumn("in", 1), TableColumn("retries", 3)]
ROWS = [
    TableRow(["2026-03-01", "holysheep/gpt-4", "12.4k", "3"]),
    TableRow(["2026-03-02", "mô hình", "≥812", "0"], "bold"),
]


def drawn(width: int) -> list[str]:
    return [line.plain for line in table(COLUMNS, ROWS, width)]


def test_with_room_all_is_shown_and_numbers_stand_on_the_right() -> None:
    assert drawn(80) == [
        "       day  model               in  retries",
        "2026-03-01  holysheep/gpt-4  12.4k        3",
        "2026-03-02  mô hình           ≥812        0",
    ]


def test_words_are_cut_before_a_column_goes() -> None:
    assert drawn(36)[1] == "2026-03-01  holyshe…  12.4k        3"


def test_columns_go_by_rank() -> None:
    assert drawn(30)[1] == "2026-03-01  holysheep/…  12.4k"
    assert drawn(20)[1] == "2026-03-01  12.4k"
    assert drawn(14)[1] == "2026-03-01"


def test_no_rows_are_only_titles() -> None:
    assert [line.plain for line in table(COLUMNS, [], 80)] == ["day  model  in  retries"]


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), max_size=12)


@given(st.lists(st.tuples(WORDS, st.integers(0, 10**9).map(str), WORDS, st.integers(0, 999).map(str)), max_size=5),
       st.integers(1, 90))  # fmt: skip
def test_nothing_is_wider_than_the_page_and_no_number_is_cut(
    cells: list[tuple[str, str, str, str]], width: int
) -> None:
    columns = [TableColumn("a", least=3), TableColumn("n", 2), TableColumn("b", 1, least=4), TableColumn("m", 3)]
    lines = table(columns, [TableRow(row) for row in cells], width)
    assert len(lines) == len(cells) + 1
    shown = [column.title in lines[0].plain.split() for column in columns]
    for line, row in zip(lines[1:], cells, strict=True):
        assert line.cell_length <= width
        assert not shown[1] or row[1] in line.plain
        assert not shown[3] or line.plain.endswith(row[3])


def test_facts_lose_their_last_parts_and_the_first_is_cut_last() -> None:
    rows = [("tokens", ["↑ 120 ↓ 812", "↑ 12.4k ↓ 3.4k in all"]), ("model", ["holysheep/gpt-4"])]
    assert [line.plain for line in facts(rows, 60)] == [
        "tokens  ↑ 120 ↓ 812 · ↑ 12.4k ↓ 3.4k in all",
        "model   holysheep/gpt-4",
    ]
    assert [line.plain for line in facts(rows, 20)] == ["tokens  ↑ 120 ↓ 812", "model   holysheep/g…"]


@given(st.lists(st.tuples(WORDS, st.lists(WORDS, max_size=3)), max_size=4), st.integers(0, 60))
def test_facts_never_exceed_the_page(rows: list[tuple[str, list[str]]], width: int) -> None:
    assert all(line.cell_length <= width for line in facts(rows, width))


def test_text_hangs_beside_its_label_or_stands_below_it() -> None:
    lines = [line.plain for line in hanging(Content("F2  "), "choose the model for the next question", 30)]
    assert lines == ["F2  choose the model for the", "    next question"]
    assert [line.plain for line in hanging(Content("a long label  "), "words and more", 20)] == [
        "a long label",
        "    words and more",
    ]
    assert [line.plain for line in hanging(Content("F2  "), "", 30)] == ["F2  "]


@given(st.text("ab đế\u4e2d", max_size=30), st.text("ab đế\u4e2d ", max_size=200), st.integers(6, 60))
def test_hanging_text_is_never_wider_than_its_place_and_all_there(label: str, text: str, width: int) -> None:
    lines = hanging(Content(label), text, width)
    assert all(line.cell_length <= width for line in lines)
    shown = "".join("".join(line.plain for line in lines).split())
    assert shown.endswith("".join(text.split()))
