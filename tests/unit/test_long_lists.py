"""Lists of thousands cost a key no more than a look at each item, and dates and rows are not made for all of them."""

from __future__ import annotations

from datetime import date

import pytest

from holytui import formatting
from holytui.models import Conversation
from holytui.ui.composer import completion
from holytui.ui.composer.path_completion import FolderEntry, matching
from holytui.ui.sidebar import rows as sidebar_rows


def test_the_days_of_many_conversations_are_searched_and_not_all_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    plain = formatting.day_group

    def counted(when: float, today: date) -> str:
        asked.append(when)
        return plain(when, today)

    monkeypatch.setattr(formatting, "day_group", counted)
    today = date(2026, 6, 15)
    many = [Conversation(str(n), "t", 0.0, 1_780_000_000.0 - n * 3_600, pinned=n % 500 == 0) for n in range(3_000)]
    rows = sidebar_rows.rows(many, today)
    assert len(asked) < 300
    expected: list[sidebar_rows.ListRow] = ["Pinned", *(one for one in many if one.pinned)]
    above = "Pinned"
    for one in (one for one in many if not one.pinned):
        if plain(one.updated_at, today) != above:
            above = plain(one.updated_at, today)
            expected.append(above)
        expected.append(one)
    assert rows == expected


def test_names_of_a_folder_are_compared_with_what_is_typed_and_not_with_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[object] = []

    def equal(one: FolderEntry, other: object) -> bool:
        compared.append(other)
        return one is other

    monkeypatch.setattr(FolderEntry, "__eq__", equal)
    names = [FolderEntry(f"a{n}", n) for n in range(500)] + [FolderEntry(f"ba{n}", n) for n in range(500)]
    assert [name.name for name in matching(names, "a")] == [name.name for name in names]
    assert not compared


def test_only_so_many_items_are_made_for_a_key() -> None:
    names = [FolderEntry(f"file{n}", n) for n in range(3_000)]
    offer = completion.completions_for("@f", 2, only_line=True, entries_of=lambda _folder: names)
    assert len(offer.items) == completion.MAX_COMPLETIONS
