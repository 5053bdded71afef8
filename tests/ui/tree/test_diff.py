from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holytui.ui.tree.diff import DiffKind, DiffPiece, Line, LinePair, compare


def text_of(line: Line | None) -> str:
    return "".join(piece.text for piece in line or ())


def written(pairs: tuple[LinePair, ...]) -> list[str]:
    signs = {DiffKind.BOTH: "", DiffKind.DELETED: "-", DiffKind.INSERTED: "+"}

    def side(line: Line | None) -> str:
        return "∅" if line is None else "".join(f"{signs[piece.kind]}{piece.text}" for piece in line)

    return [f"{side(pair.left)} | {side(pair.right)}" for pair in pairs]


def test_changed_words_of_a_line() -> None:
    assert written(compare("use print here", "use echo here")) == ["use -print here | use +echo here"]


def test_inserted_and_deleted_lines() -> None:
    assert written(compare("a\nb\nc", "a\nc\nd")) == ["a | a", "-b | ∅", "c | c", "∅ | +d"]


def test_lines_with_nothing_in_common_are_not_mixed() -> None:
    assert written(compare("alpha beta gamma", "x")) == ["-alpha beta gamma | +x"]


def test_equal_texts_have_no_difference() -> None:
    assert all(pair.is_equal for pair in compare("a\n\nb", "a\n\nb"))


def test_two_huge_texts_are_paired_by_place() -> None:
    pairs = compare("\n".join(f"a{n}" for n in range(3000)), "\n".join(f"b{n}" for n in range(3000)))
    assert len(pairs) == 3000
    assert pairs[7] == LinePair((DiffPiece(DiffKind.DELETED, "a7"),), (DiffPiece(DiffKind.INSERTED, "b7"),))


_TEXTS = st.text(st.sampled_from("ab đ\n.\t"), max_size=60)


@given(_TEXTS, _TEXTS)
def test_each_side_is_its_text(first: str, second: str) -> None:
    pairs = compare(first, second)
    assert "\n".join(text_of(pair.left) for pair in pairs if pair.left is not None) == first
    assert "\n".join(text_of(pair.right) for pair in pairs if pair.right is not None) == second
    assert all(pair.is_equal for pair in pairs) == (first == second)
    for pair in pairs:
        left = [piece.text for piece in pair.left or () if piece.kind is DiffKind.BOTH]
        right = [piece.text for piece in pair.right or () if piece.kind is DiffKind.BOTH]
        assert left == right
        assert all(piece.kind is not DiffKind.INSERTED for piece in pair.left or ())
        assert all(piece.kind is not DiffKind.DELETED for piece in pair.right or ())
