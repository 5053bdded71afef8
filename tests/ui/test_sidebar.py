from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from holytui import formatting as fmt
from holytui.engine.engine import Engine
from holytui.keymap import Where
from holytui.models import Conversation
from holytui.store.sqlite.history import SqliteHistory
from holytui.ui.sidebar.rows import FolderRow, folder_label, label, rows
from holytui.ui.status.key_hints import KeyHints
from tests.ui.app_harness import AppHarness, run_app

TODAY = date(2026, 3, 20)


def _at(days: int, title: str, **more: object) -> Conversation:
    when = datetime(2026, 3, 20, 12).astimezone() - timedelta(days=days)
    return Conversation(title, title, when.timestamp(), when.timestamp(), **more)  # type: ignore[arg-type]  # test data


def _shown(*conversations: Conversation, wanted: str = "", collapsed: tuple[str, ...] = ()) -> list[str]:
    def written(row: Conversation | FolderRow | str) -> str:
        match row:
            case str():
                return row
            case FolderRow():
                return folder_label(row).plain
            case _:
                return f"- {row.title}"

    return [written(row) for row in rows(conversations, TODAY, wanted, collapsed=collapsed)]


def test_conversations_stand_under_their_day_newest_first() -> None:
    assert _shown(_at(40, "old"), _at(0, "now"), _at(1, "gestern"), _at(3, "few"), _at(20, "weeks")) == [
        "Today",
        "- now",
        "Yesterday",
        "- gestern",
        "This week",
        "- few",
        "This month",
        "- weeks",
        "2026-02",
        "- old",
    ]


def test_pinned_ones_come_first() -> None:
    assert _shown(_at(0, "now"), _at(40, "kept", pinned=True)) == ["Pinned", "- kept", "Today", "- now"]


def test_the_filter_needs_no_accents() -> None:
    assert _shown(_at(0, "Đường về nhà"), _at(0, "other"), wanted="duong ve") == ["Today", "- Đường về nhà"]


def test_a_filter_that_finds_nothing_says_so_and_how_to_leave_it() -> None:
    assert _shown(_at(0, "other"), wanted="xyz") == ["no conversation matches", "Esc: all conversations"]


FILED = (
    _at(0, "now"),
    _at(1, "draft", tags=("work/client",)),
    _at(3, "plan", tags=("idea", "work/client")),
    _at(2, "rose", tags=("garden/", "idea")),
    _at(9, "kept", pinned=True, tags=("work/client",)),
)


def test_folders_stand_between_the_pinned_ones_and_the_days() -> None:
    begin = ["Pinned", "- kept", "▾ garden", "- rose"]
    assert _shown(*FILED) == [*begin, "▾ work/client", "- draft", "- plan", "Today", "- now"]
    assert _shown(*FILED, collapsed=("work/client",)) == [*begin, "▸ work/client · 2", "Today", "- now"]


def test_a_filter_by_tags_looks_into_collapsed_folders_too() -> None:
    found = ["▾ garden", "- rose", "▾ work/client", "- plan"]
    assert _shown(*FILED, wanted="#Idea", collapsed=("garden", "work/client")) == found
    assert _shown(*FILED, wanted="#idea la #wor") == ["▾ work/client", "- plan"]
    assert _shown(*FILED, wanted="#") == _shown(*FILED[1:])
    assert _shown(*FILED, wanted="#none") == ["no conversation matches", "Esc: all conversations"]


def test_the_archive_has_folders_too() -> None:
    found = rows(FILED[:2], TODAY, heading="Archive")
    assert [row if isinstance(row, str) else "" for row in found] == ["Archive", "", "", "Archive", ""]


def test_tags_stand_behind_the_title_where_there_is_room() -> None:
    one = _at(0, "plan", tags=("idea", "work/", "đọc"))
    assert label(one, current=False, width=20).plain == "  plan  #idea #đọc"
    assert label(one, current=False, width=17).plain == "  plan"
    assert label(one, current=True, marked=True).plain == "✓ plan"


def test_marks_say_streaming_unread_and_open_without_colour() -> None:
    assert label(_at(0, "a", streaming=True), current=True).plain == "◆ a"
    assert label(_at(0, "a", unread=True), current=False).plain == "• a"
    assert label(_at(0, "a"), current=True).plain == "› a"
    assert label(_at(0, "a", unread=True), current=True).plain == "› a"
    assert label(_at(0, ""), current=False).plain == "  New conversation"


def test_titles_are_never_markup() -> None:
    assert label(_at(0, "[/foo] [red]x"), current=False).plain == "  [/foo] [red]x"


@pytest.mark.parametrize("when", [1.7e12, -1e14, 1e300])
def test_a_time_that_no_calendar_has_is_no_trouble(when: float) -> None:
    # another program's file may have milliseconds where seconds belong
    odd = Conversation("odd", "odd", when, when)
    assert odd in rows([odd], TODAY)
    assert fmt.moment(when, TODAY)
    assert fmt.clock(when)


async def test_the_hints_are_those_of_the_list_when_the_open_conversation_was_deleted_there(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[int] = []
    async with run_app(harness) as driver:
        await driver.ask("hi")
        await driver.focus_sidebar()
        monkeypatch.setattr(Engine, "release_streams", lambda _engine: released.append(1))
        await driver.act("sidebar.delete")
        await driver.wait_until(lambda: not driver.conversations())
        assert released, "the streams of its interrupted answers are ended"
        await driver.settle()
        assert driver.chat.sidebar.has_focus
        assert driver.chat.query_one(KeyHints).where is Where.SIDEBAR
        await driver.act("sidebar.undo")
        await driver.wait_until(driver.conversations)


async def test_a_conversation_that_is_open_is_not_left_unread_by_another_window(
    harness: AppHarness, tmp_path: Path
) -> None:
    async with run_app(harness) as driver:
        await driver.ask("hi")
        (one,) = driver.conversations()
        with SqliteHistory(tmp_path / "history.db") as other:
            other.update_conversation(one.id, unread=True)
        await driver.wait_until(lambda: not driver.conversations()[0].unread)
