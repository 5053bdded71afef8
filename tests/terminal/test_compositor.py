from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.filter import Monochrome
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static, TextArea

from holytui.terminal.textual_adapter.app import ThinApp
from holytui.terminal.textual_adapter.compositor import ThinCompositor


class Chat(ThinApp[None]):
    CSS = """
    #log { height: 1fr; }
    .warm { background: red 30%; }
    .faint { opacity: 40%; }
    Static:focus { background: blue; }
    TextArea { height: 4; }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="log"):
            for count in range(12):
                yield Static(Content(f"message {count}\nwith [two] lines"), id=f"m{count}", markup=False)
        yield TextArea("typed text")


def strips_of(app: Chat) -> list[Strip]:
    return app.screen._compositor.render_strips()


async def text(pilot: Pilot[None]) -> None:
    pilot.app.query_one("#m1", Static).update(Content("new words"))


async def scroll(pilot: Pilot[None]) -> None:
    pilot.app.query_one("#log").scroll_to(y=7, animate=False)


async def mount(pilot: Pilot[None]) -> None:
    await pilot.app.query_one("#log").mount(Static("one more"), before=0)


async def remove(pilot: Pilot[None]) -> None:
    await pilot.app.query_one("#m0").remove()


async def theme(pilot: Pilot[None]) -> None:
    pilot.app.theme = "textual-light"


async def warm_parent(pilot: Pilot[None]) -> None:
    pilot.app.query_one("#log").add_class("warm")


async def fade_parent(pilot: Pilot[None]) -> None:
    pilot.app.query_one("#log").add_class("faint")


async def type_text(pilot: Pilot[None]) -> None:
    pilot.app.query_one(TextArea).focus()
    await pilot.press("x", "y")


async def select_text(pilot: Pilot[None]) -> None:
    pilot.app.query_one(TextArea).select_all()
    pilot.app.screen.text_select_all()


async def resize(pilot: Pilot[None]) -> None:
    await pilot.resize_terminal(50, 12)


async def filtered(pilot: Pilot[None]) -> None:
    pilot.app._filters.append(Monochrome())
    pilot.app.refresh()


STEPS: list[Callable[[Pilot[None]], object]] = [
    text, scroll, mount, remove, theme, warm_parent, fade_parent, type_text, select_text, resize, filtered,
]  # fmt: skip


def test_what_is_remembered_is_what_would_be_rendered() -> None:

    async def run() -> None:
        app = Chat()
        async with app.run_test(size=(40, 14)) as pilot:
            await pilot.pause()
            compositor = app.screen._compositor
            assert isinstance(compositor, ThinCompositor)
            for step in STEPS:
                strips_of(app)
                await step(pilot)  # type: ignore[misc]  # each step is a coroutine function
                await pilot.pause()
                remembered = strips_of(app)
                compositor._rendered.clear()
                for widget in app.screen.walk_children(with_self=True):
                    widget._styles_cache.clear()  # type: ignore[attr-defined]  # every node on a screen is a widget
                fresh = strips_of(app)
                assert [list(strip) for strip in remembered] == [list(strip) for strip in fresh], step.__name__

    asyncio.run(run())


def count_renders(widget: Static, asked: list[str | None]) -> None:
    render = widget._styles_cache.render_widget

    def counted(node: Widget, crop: Region) -> list[Strip]:
        asked.append(node.id)
        return render(node, crop)

    widget._styles_cache.render_widget = counted  # type: ignore[method-assign,assignment]  # a spy


def test_undamaged_widgets_are_not_rendered_again() -> None:

    async def run() -> None:
        app = Chat()
        async with app.run_test(size=(40, 14)) as pilot:
            await pilot.pause()
            strips_of(app)
            asked: list[str | None] = []
            for widget in app.query(Static):
                count_renders(widget, asked)
            app.query_one("#m2", Static).update(Content("changed\nhere"))
            await pilot.pause()
            strips_of(app)
            assert set(asked) == {"m2"}

    asyncio.run(run())
