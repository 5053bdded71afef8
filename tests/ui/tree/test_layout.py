from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holytui.models import AnswerState, Role
from holytui.store.values import OutlineEntry
from holytui.ui.tree.layout import TreeRow, lay_out


def entry(id_: str, parent: str | None, at: float = 0.0, role: Role = Role.USER) -> OutlineEntry:
    return OutlineEntry(id_, parent, role, f"text of {id_}", at, "a/b", AnswerState.COMPLETE)


def drawn(rows: tuple[TreeRow, ...]) -> list[str]:
    return [f"{row.rail}{'●' if row.shown else '○'} {row.entry.id}" for row in rows]


def test_the_shown_branch_stays_on_its_line() -> None:
    answers = [entry(name, "q", number, Role.ASSISTANT) for number, name in enumerate(("a1", "a2", "a3"), 1)]
    entries = [entry("q", None), *answers, entry("q2", "a1", 9), entry("q3", "a2", 5), entry("q4", "a2", 6)]
    rows = lay_out(entries, "q3")
    assert drawn(rows) == ["● q", "├─○ a1", "│ ○ q2", "├─○ a3", "● a2", "├─○ q4", "● q3"]
    assert [row.variant for row in rows if row.entry.role is Role.ASSISTANT] == [(1, 3), (3, 3), (2, 3)]


def test_elsewhere_the_branch_with_the_newest_message_stays_on_the_line() -> None:
    entries = [entry("q", None), entry("a1", "q", 1), entry("a2", "q", 2), entry("q2", "a1", 3)]
    assert drawn(lay_out(entries, None)) == ["○ q", "├─○ a2", "○ a1", "○ q2"]


def test_several_first_messages_and_missing_parents() -> None:
    rows = lay_out([entry("one", None, 1), entry("two", "gone", 2)], "one")
    assert drawn(rows) == ["├─○ two", "● one"]


def test_a_circle_of_a_damaged_history_is_cut() -> None:
    rows = lay_out([entry("a", "b"), entry("b", "a"), entry("own", "own")], "a")
    assert sorted(row.entry.id for row in rows) == ["a", "b", "own"]


def test_ten_thousand_messages_with_a_branch_at_each_are_laid_out() -> None:
    entries = [entry("0", None)]
    for number in range(1, 5000):
        entries += [entry(str(number), str(number - 1), number), entry(f"{number}x", str(number - 1), number)]
    rows = lay_out(entries, "4999")
    assert len(rows) == 9999
    assert [row.rail for row in rows if row.shown] == [""] * 5000


_PARENTS = st.lists(st.floats(0, 0.999), min_size=1, max_size=40)


@given(_PARENTS, st.integers(0, 39))
def test_the_drawing_has_every_message_once_and_tells_its_parent(parents: list[float], leaf: int) -> None:
    entries = [entry("0", None)]
    for number, share in enumerate(parents, 1):
        entries.append(entry(str(number), str(int(share * number)), float(number)))
    rows = lay_out(entries, str(leaf))
    assert sorted(row.entry.id for row in rows) == sorted(each.id for each in entries)
    lanes: dict[str, str] = {}
    for row in rows[:1]:
        lanes[row.rail] = row.entry.id
    for row in rows[1:]:
        if len(row.rail) > 38:
            return  # only the last lines are drawn
        lane = row.rail.removesuffix("├─")
        assert lanes[lane] == row.entry.parent_id
        lanes[row.rail.replace("├─", "│ ")] = row.entry.id
    shown = {row.entry.id for row in rows if row.shown}
    above = {row.entry.parent_id for row in rows if row.shown and row.entry.parent_id}
    assert above <= shown
    assert (str(leaf) in shown) == (leaf < len(entries))
