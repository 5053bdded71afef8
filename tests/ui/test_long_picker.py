"""A picker of more choices than one callback can look through."""

from __future__ import annotations

import asyncio

import pytest
from textual.app import App
from textual.events import Key
from textual.widgets import OptionList, Static

from holytui.ui.dialogs import dialogs
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.dialogs import Picker
from holytui.ui.markdown.budget import Spent

CHOICES = [Choice(f"lab/m{n}", f"lab/m{n}") for n in range(3_000)]


@pytest.fixture(autouse=True)
def _no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each callback looks at one piece."""

    def spent(_seconds: float) -> Spent:
        return lambda: True

    monkeypatch.setattr(dialogs, "within", spent)


async def picked_with(*keys: str) -> list[str | None]:
    """What is picked by keys that come in one read."""
    app: App[None] = App()
    picked: list[str | None] = []
    closed = asyncio.Event()

    def close(value: str | None) -> None:
        picked.append(value)
        closed.set()

    async with app.run_test(size=(80, 24)):
        await app.push_screen(Picker("Model", CHOICES, "lab/m2500"), close)
        for key in keys:
            app.post_message(Key(key, key if len(key) == 1 else None))
        await asyncio.wait_for(closed.wait(), 10)
    return picked


async def test_enter_behind_a_burst_picks_what_the_whole_text_gives() -> None:
    assert await picked_with(*"2999", "enter") == ["lab/m2999"]


async def test_arrows_behind_letters_move_among_what_they_give() -> None:
    assert await picked_with(*"299", "down", "enter") == ["lab/m1299"]


async def test_the_best_are_shown_with_how_many_more_there_are_and_the_current_one() -> None:
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        picker = Picker("Model", CHOICES, "lab/m2500")
        await app.push_screen(picker)
        options, more = picker.query_one(OptionList), picker.query_one("#dialog-more", Static)
        assert options.option_count == 200
        assert options.highlighted_option is not None
        assert options.highlighted_option.id == "lab/m2500"
        assert str(more.content) == "… and 2,800 more: type to narrow"
        await pilot.press(*"2999")
        await pilot.pause()
        assert [option.id for option in options.options] == ["lab/m2999"]
        assert not more.display
