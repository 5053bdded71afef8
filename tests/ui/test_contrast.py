"""Everything on the screen can be read: what the encoder writes, read back from a terminal, has enough contrast."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from rich.color import ColorSystem
from textual._compositor import LayoutUpdate
from textual.color import Color
from textual.geometry import Offset
from textual.screen import Screen as TextualScreen
from textual.selection import Selection
from textual.widgets import Input, OptionList

from holytui.terminal.colours import READABLE, READABLE_MUTED, contrast, palette
from holytui.terminal.diff.encode import encode
from holytui.terminal.diff.frame import Capabilities, Pen, TerminalCursor
from holytui.terminal.diff.sgr import StyleTable
from holytui.terminal.textual_adapter.canvas import Canvas
from holytui.ui.themes import loader
from tests.terminal.reference_terminal import Cell, Screen, Stream
from tests.ui.app_harness import ScreenDriver, config_with, run_app
from tests.ui.conftest import Build
from tests.ui.sample_conversations import TALK, add_sample

THEMES = ["holytui-16", "holytui-contrast", "holytui-dark", "holytui-light"]
DEPTHS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}
SIZE = (110, 30)
DRAWN = re.compile("[\u2500-\u259f\u25b0-\u25b1 ]?")
"""Rules and blocks, which are no text, and blanks."""
BLUE = 4.4
"""The theme of the terminal's own colours has bright blue, of xterm's the one that can be read on black (4.43) and on
white (4.74)."""
STANDS_OUT = 3.0
"""What WCAG asks of the parts of a user interface."""
BLACK, WHITE = (0, 0, 0), (229, 229, 229)
Triplet = tuple[int, int, int]


@dataclass(frozen=True)
class Terminal:
    """What a terminal of one depth shows, and the bytes that it was sent."""

    screen: Screen
    data: bytes

    def rows(self) -> list[str]:
        return ["".join(cell.text for cell in row) for row in self.screen.cells()]


def shown(driver: ScreenDriver, depth: ColorSystem) -> Terminal:
    """The screen as it is now, by way of our encoder."""
    width, height = driver.app.size
    styles = StyleTable()
    canvas = Canvas(styles, depth)
    canvas.resize(width, height)
    update = driver.app.screen._compositor.render_update(full=True)
    assert isinstance(update, LayoutUpdate)
    canvas.apply(update)
    data, _ = encode(None, canvas.frame(TerminalCursor()), Pen(), Capabilities(bce=True, rep=True), styles)
    screen = Screen(width, height)
    Stream(screen).feed(data.decode())
    return Terminal(screen, data)


def triplet(colour: str, otherwise: Triplet) -> Triplet:
    """An SGR colour by xterm's palette; the terminal's own is taken to be grey on black."""
    match [int(part) for part in colour.split(";") if part]:
        case []:
            return otherwise
        case [30, 2, red, green, blue] | [40, 2, red, green, blue]:
            return red, green, blue
        case [30 | 40, 5, number]:
            return palette(number)
        case [number]:
            return palette(number - 30 if number < 90 else number - 90 + 8)
        case parts:
            raise AssertionError(parts)


def colours(cell: Cell) -> tuple[Triplet, Triplet]:
    """Of the text and behind it, as they are seen."""
    text, ground = triplet(cell.foreground, WHITE), triplet(cell.background, BLACK)
    return (ground, text) if 7 in cell.attributes else (text, ground)


@dataclass(frozen=True)
class Scene:
    """What is on the screen, and the words in it that a cursor or a selection is on."""

    name: str
    marked: str = ""


async def scenes(driver: ScreenDriver) -> AsyncIterator[Scene]:
    """One after the other, everything that can have the focus, a cursor or a selection."""
    chat = driver.chat
    yield Scene("prompt, empty")
    await driver.type("a question with words")
    chat.prompt.select_all()
    await driver.pilot.pause()
    yield Scene("prompt, selected", "a question with words")
    chat.prompt.set_text("/c")
    await driver.press("down")
    yield Scene("commands", "/copy-all" if "/copy-all" in driver.text else "")
    chat.prompt.set_text("")
    await driver.focus_log()
    chat.log_view.reveal("0190-answer-1b")
    await driver.act("message.reasoning")
    yield Scene("messages")
    chat.selections = {chat.log_view: Selection.from_offsets(*_place(driver, "Two ways:"))}
    await driver.pilot.pause()
    yield Scene("selected text", "Two ways:")
    chat.clear_selection()
    await driver.focus_sidebar()
    yield Scene("list", "How do I print?")
    await driver.act("sidebar.filter")
    await driver.type("print")
    chat.query_one("#list-filter", Input).select_all()
    await driver.pilot.pause()
    yield Scene("filter, selected", "print")
    await driver.press("escape")
    await driver.focus_log()
    for action, marked in (
        ("app.palette", "Stop"),
        ("model.pick", "guide/guide"),
        ("chat.system", ""),
        ("app.help", ""),
        ("app.details", ""),
        ("message.details", ""),
    ):
        await driver.act(action)
        await driver.wait_until(lambda: driver.app.screen is not chat)
        await driver.settle()
        yield Scene(action, marked)
        await _close(driver, chat)
    await driver.chat.run("app.theme")
    await driver.wait_until(lambda: driver.app.screen is not chat)
    await driver.pilot.pause()
    yield Scene("app.theme", driver.app.theme)
    await _close(driver, chat)
    await driver.act("history.search")
    await driver.wait_until(lambda: driver.app.screen is not chat)
    await driver.type("echo")
    await driver.wait_until(lambda: driver.app.screen.query_one(OptionList).highlighted == 0)
    await driver.settle()
    yield Scene("search", "How do I print?")
    await driver.press("enter")
    await driver.wait_until(lambda: driver.app.screen is chat)
    await driver.settle()
    yield Scene("found words, selected message", "echo")
    await driver.focus_sidebar()
    await driver.act("sidebar.rename")
    await driver.wait_until(lambda: driver.app.screen is not chat)
    await driver.pilot.pause()
    yield Scene("rename")
    await _close(driver, chat)


async def _close(driver: ScreenDriver, chat: TextualScreen[None]) -> None:
    await driver.press("escape")
    await driver.wait_until(lambda: driver.app.screen is chat)
    await driver.pilot.pause()


def _place(driver: ScreenDriver, words: str) -> tuple[Offset, Offset]:
    """Where words are in the messages."""
    log = driver.chat.log_view
    for y, line in enumerate(driver.text.split("\n")):
        x = line.find(words, log.region.x)
        if x >= 0:
            start = Offset(x, y) - log.region.offset
            return start, start + Offset(len(words), 0)
    raise AssertionError(f"no {words!r} in:\n{driver.text}")


def faults(scene: Scene, depth: str, terminal: Terminal, muted: list[list[bool]], least: float) -> list[str]:
    """Where letters cannot be read, or what is marked does not stand out from the rows near it."""
    cells = terminal.screen.cells()
    found = [
        f"{scene.name}, {depth}: {contrast(*colours(cell)):.2f}:1 at {x}, {y} in {line.strip()!r}: {cell}"
        for y, (row, line) in enumerate(zip(cells, terminal.rows(), strict=True))
        for x, cell in enumerate(row)
        if not DRAWN.fullmatch(cell.text) and contrast(*colours(cell)) < (READABLE_MUTED if muted[y][x] else least)
    ]
    if scene.marked and not any(
        all(_stands_out(cells, x, y) for x in range(at.start(), at.end()))
        for y, line in enumerate(terminal.rows())
        for at in re.finditer(re.escape(scene.marked), line)
    ):
        found.append(f"{scene.name}, {depth}: {scene.marked!r} does not stand out:\n" + "\n".join(terminal.rows()))
    return found[:2]


def _stands_out(cells: list[list[Cell]], x: int, y: int) -> bool:
    """The background is another than that of a row near it."""
    ground = colours(cells[y][x])[1]
    return any(contrast(ground, colours(cells[y + near][x])[1]) >= STANDS_OUT for near in (-1, 1, 2))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("theme", THEMES)
async def test_everything_can_be_read_in_every_theme_and_depth(build_harness: Build, theme: str) -> None:
    harness = build_harness(config_with(theme=theme))
    add_sample(harness.history)
    found = next(one for one in loader.load([loader.own_folder()]).themes if one.name == theme)
    quiet = "90" if found.ansi else "30;2;{};{};{}".format(*Color.parse(found.variables["muted"]).rgb)
    bad: list[str] = []
    async with run_app(harness, size=SIZE, conversation=TALK) as driver:
        async for scene in scenes(driver):
            exact = shown(driver, ColorSystem.TRUECOLOR)
            muted = [[cell.foreground == quiet for cell in row] for row in exact.screen.cells()]
            for depth, system in DEPTHS.items():
                bad += faults(scene, depth, shown(driver, system), muted, BLUE if found.ansi else READABLE)
    assert not bad, "\n".join(bad)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("theme", ["holytui-16", "holytui-dark", pytest.param("holytui-light", marks=pytest.mark.long)])
async def test_without_colours_what_is_marked_is_shown_in_reverse(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    harness = build_harness(config_with(theme=theme))
    add_sample(harness.history)
    bad: list[str] = []
    async with run_app(harness, size=SIZE, conversation=TALK) as driver:
        async for scene in scenes(driver):
            terminal = shown(driver, ColorSystem.TRUECOLOR)
            codes = {
                int(code) for sgr in re.findall(rb"\x1b\[([\d;]*)m", terminal.data) for code in sgr.split(b";") if code
            }
            assert codes <= {0, 1, 3, 4, 7, 9, *range(22, 30)}, scene.name
            bad += faults(scene, "none", terminal, [[False] * SIZE[0]] * SIZE[1], READABLE)
    assert not bad, "\n".join(bad)
