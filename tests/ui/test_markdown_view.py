from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from holytui.ui.widgets.markdown_view import MarkdownView

Test = Callable[["Sheet", Pilot[None]], Awaitable[None]]


class Sheet(App[None]):
    CSS = "VerticalScroll { padding: 0; } MarkdownView { padding: 0 1; }"

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield MarkdownView("# Title\n\none *two* three", id="view")

    @property
    def view(self) -> MarkdownView:
        return self.query_one(MarkdownView)


def live(width: int, height: int) -> Callable[[Test], Callable[[], None]]:
    """Run a test in a sheet of this size."""

    def wrap(test: Test) -> Callable[[], None]:
        async def run() -> None:
            app = Sheet()
            async with app.run_test(size=(width, height)) as pilot:
                await pilot.pause()
                await test(app, pilot)

        def sync() -> None:
            asyncio.run(run())

        return sync

    return wrap


def shown(view: MarkdownView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


@live(22, 10)
async def test_it_is_as_tall_as_its_text_and_grows_with_it(app: Sheet, pilot: Pilot[None]) -> None:
    assert shown(app.view) == ["Title", "", "one two three"]
    app.view.append(" four\n\n- five")
    await pilot.pause()
    assert shown(app.view) == ["Title", "", "one two three four", "", "• five"]


@live(42, 10)
async def test_only_lines_that_changed_are_painted_again(app: Sheet, pilot: Pilot[None]) -> None:
    await pilot.pause()
    view = app.view
    painted: list[int] = []
    render = view.render_line

    def note(y: int) -> Any:
        painted.append(y)
        return render(y)

    view.render_line = note  # type: ignore[method-assign]
    view.append(" four")
    await pilot.pause()
    assert set(painted) == {2}


@live(22, 10)
async def test_another_width_wraps_anew(app: Sheet, pilot: Pilot[None]) -> None:
    await pilot.resize_terminal(12, 10)
    await pilot.pause()
    assert shown(app.view) == ["Title", "", "one two", "three"]


@live(22, 10)
async def test_another_theme_paints_anew(app: Sheet, pilot: Pilot[None]) -> None:
    before = [list(app.view.render_line(0))]
    app.theme = "textual-light"
    await pilot.pause()
    assert [list(app.view.render_line(0))] != before


@live(12, 20)
async def test_what_is_selected_is_copied_as_it_was_written(app: Sheet, pilot: Pilot[None]) -> None:
    app.view.update("one two three four\n\n```\nab\n  cd\n```\n\n- five six seven eight")
    await pilot.pause()
    copied = app.view.get_selection(Selection(None, None))
    assert copied == ("one two three four\n\n1\nab\n  cd\n\n• five six seven eight", "\n")
    assert app.view.get_selection(Selection(Offset(4, 0), Offset(5, 1))) == ("two three", "\n")


@live(22, 10)
async def test_the_selection_is_painted(app: Sheet, pilot: Pilot[None]) -> None:
    plain = list(app.view.render_line(2))
    app.screen.selections = {app.view: Selection(Offset(0, 2), Offset(3, 2))}
    await pilot.pause()
    assert list(app.view.render_line(2)) != plain
    assert app.view.render_line(2).text.rstrip() == "one two three"


@live(42, 10)
async def test_markup_of_strangers_is_text(app: Sheet, pilot: Pilot[None]) -> None:
    app.view.update("[/foo] [@click=app.quit]x[/] <script>")
    await pilot.pause()
    assert shown(app.view) == ["[/foo] [@click=app.quit]x[/] <script>"]
    await pilot.click(app.view, offset=(8, 0))
    assert app.is_running
