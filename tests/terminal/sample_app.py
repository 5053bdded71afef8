"""A small app that tests run in a pseudo-terminal: `python -m tests.terminal.sample_app DRIVER REPORTS`.

Events are written to the descriptor REPORTS, one JSON value per line.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import termios

from holytui.terminal.environ import prepare_environment

prepare_environment(os.environ, over_ssh=False)
os.environ["TEXTUAL_ANIMATIONS"] = "none"

from textual import events  # noqa: E402 - the environment comes first
from textual.app import App, ComposeResult  # noqa: E402
from textual.containers import VerticalScroll  # noqa: E402
from textual.content import Content  # noqa: E402
from textual.drivers.linux_driver import LinuxDriver  # noqa: E402
from textual.widgets import Static  # noqa: E402

from holytui.terminal.hangup import Cause, HangupWatch  # noqa: E402
from holytui.terminal.textual_adapter.app import ThinApp, ThinScreen, driver_class  # noqa: E402
from holytui.terminal.textual_adapter.driver import ThinDriver  # noqa: E402

REPORTS = int(sys.argv[2])
LINES = ["漢字 and かな", "Tiếng Việt có dấu", "plain words here", "─" * 30, "  indented", "👍 done", "café e\u0301"]


def report(value: object) -> None:
    os.write(REPORTS, json.dumps(value).encode() + b"\n")


class SampleApp(ThinApp[int]):
    CSS = """
    Screen { layers: below above; }
    #side { dock: left; width: 12; background: $panel; }
    #log { height: 1fr; }
    #state { dock: bottom; height: 1; background: $accent; }
    #box { layer: above; width: 16; height: 3; offset: 20 4; border: round red; display: none; }
    """
    ENABLE_COMMAND_PALETTE = False
    beats = 0
    count = 0

    def compose(self) -> ComposeResult:
        yield Static("chats\none\ntwo", id="side", markup=False)
        yield VerticalScroll(id="log")
        yield Static("state 0", id="state", markup=False)
        yield Static("popup", id="box", markup=False)

    def on_mount(self) -> None:
        self.query_one("#log").anchor()
        self.hangups = HangupWatch(self._driver, self.hung_up) if isinstance(self._driver, ThinDriver) else None

    def on_ready(self) -> None:
        report("ready")

    def hung_up(self, cause: Cause) -> None:
        report(["hangup", cause])
        self.count = 0
        self.set_interval(0.01, self.after_hangup)

    def after_hangup(self) -> None:
        self.count += 1
        self.add(f"drawn after the end {self.count}")
        if self.count == 20:
            report("finished")
            self.exit(7)

    def add(self, text: str) -> None:
        self.query_one("#log").mount(Static(Content.styled(text, "bold red" if len(text) % 2 else ""), markup=False))

    def beat(self) -> None:
        self.beats += 1
        self.query_one("#state", Static).update(f"state {self.beats}")
        self.query_one("#side", Static).update("\n".join(chr(97 + (self.beats + y) % 26) * 12 for y in range(30)))
        report(["beat", self.beats])
        if self.beats == 200:
            self.timer.stop()

    def on_paste(self, event: events.Paste) -> None:
        report(["paste", event.text])

    def on_key(self, event: events.Key) -> None:
        report(["key", event.key])
        match event.key:
            case "a":
                self.count += 1
                self.add(f"{self.count} {LINES[self.count % len(LINES)]}")
            case "s":
                self.count += 1
                self.query_one("#state", Static).update(f"state {self.count}")
            case "p":
                box = self.query_one("#box")
                box.display = not box.display
            case "b":
                self.timer = self.set_interval(0.01, self.beat)
            case "l" if isinstance(self._driver, ThinDriver):
                self._driver.repaint()
            case "t":
                self.copy_to_clipboard("copied")
            case "n":
                self.push_screen(ThinScreen())
            case "e":
                with self.suspend():
                    os.write(1, b"\x1b[4;4Hthe editor was here")
                    unread = fcntl.ioctl(0, termios.FIONREAD, bytes(4))
                    report(["outside", int.from_bytes(unread, sys.byteorder)])
            case "q":
                self.exit(0)


if __name__ == "__main__":
    chosen = driver_class() if sys.argv[1] == "thin" else LinuxDriver
    assert sys.argv[1] != "thin" or chosen is ThinDriver
    app: App[int] = SampleApp(driver_class=chosen)
    app.run(mouse="mouse" in sys.argv)
    sys.exit(app.return_value or 0)
