"""A chat as one writes it with Textual, to measure beside holytui: `python -m benchmarks.small_chat DRIVER URL`.

With the driver `stock` everything is as Textual does it; with `thin` the driver and its settings are ours.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
from collections.abc import Iterator

from holytui.terminal.environ import prepare_environment

SIDEBAR_ROWS = 60


def run_chat(options: argparse.Namespace) -> None:
    """The app: a log of answers, a prompt below and, if wanted, a column of conversations beside them."""
    from textual.app import App, ComposeResult
    from textual.binding import Binding
    from textual.containers import Horizontal, Vertical, VerticalScroll
    from textual.widgets import Markdown, Static, TextArea

    from holytui.terminal.textual_adapter.app import ThinApp, driver_class

    base: type[App[None]] = ThinApp if options.driver == "thin" else App

    class Chat(base):  # type: ignore[valid-type,misc]  # the class under test is chosen at run time
        CSS = "#side { width: 30; padding: 0 1; } #log { height: 1fr; } TextArea { height: 5; }"
        BINDINGS = [Binding("enter", "ask", priority=True)]  # noqa: RUF012 - Textual's own declaration
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            with Horizontal():
                if options.sidebar:
                    rows = "\n".join(f"Conversation {number} about it" for number in range(SIDEBAR_ROWS))
                    yield Static(rows, id="side", markup=False)
                with Vertical():
                    yield VerticalScroll(id="log")
                    yield TextArea(placeholder="Ask anything")

        def on_ready(self) -> None:
            self.waiting: list[str] = []
            self.query_one(TextArea).focus()

        async def action_ask(self) -> None:
            answer = Markdown()
            log = self.query_one("#log")
            await log.mount(answer)
            log.anchor()
            self.answer = Markdown.get_stream(answer)
            self.set_interval(1 / 30, self.flush)
            threading.Thread(target=self.receive, daemon=True).start()

        def receive(self) -> None:
            for token in tokens(options.url):
                self.waiting.append(token)

        async def flush(self) -> None:
            taken, self.waiting = self.waiting, []
            if taken:
                await self.answer.write("".join(taken))

    Chat(driver_class=driver_class() if options.driver == "thin" else None).run(mouse=False)


def tokens(url: str) -> Iterator[str]:
    """The answer as it comes."""
    import httpx

    question = {"model": "one", "stream": True, "messages": [{"role": "user", "content": "go"}]}
    with httpx.stream("POST", f"{url}/chat/completions", json=question, timeout=None) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                yield json.loads(line[6:])["choices"][0]["delta"].get("content", "")


def main() -> None:
    """Run the chat."""
    parser = argparse.ArgumentParser()
    parser.add_argument("driver", choices=("stock", "thin"))
    parser.add_argument("url")
    parser.add_argument("--sidebar", action="store_true")
    options = parser.parse_args()
    if options.driver == "thin":
        prepare_environment(os.environ, over_ssh=True)  # before Textual is imported
    run_chat(options)


if __name__ == "__main__":
    main()
