"""The end of the log while an answer grows, when it ends and when the window changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from holytui.keymap import build_keymap
from holytui.models import AnswerState, Message, Role
from holytui.terminal.frame_pacer import LinkFigures
from holytui.ui.transcript.log import MessageLog
from holytui.ui.transcript.message_view import MessageView

_NEAR, _FAR = (LinkFigures(round_trip, 0.0, 0, 0, 0) for round_trip in (0.005, 0.2))


class Logged(App[None]):
    CSS = "#log { width: 60; height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield MessageLog(build_keymap({}))


def blank(log: MessageLog) -> int:
    """The lines that are free below the end."""
    return log.size.height - len(log._list.rows)


@pytest.mark.parametrize("line", [_NEAR, _FAR])
async def test_the_view_is_full_when_an_answer_ends(line: LinkFigures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.ui.transcript.log.link_figures", lambda _: line)
    app = Logged()
    async with app.run_test(size=(80, 24)) as pilot:
        log = app.query_one(MessageLog)
        answer = Message("a", "c", None, Role.ASSISTANT, "", 0.0, state=AnswerState.STREAMING)
        entry = MessageView(answer)
        log.show([entry])
        free = set()
        for count in range(1, 60):
            entry.sync("\n".join(f"{number}. item" for number in range(1, count)), "")
            log.changed()
            if entry.height(60) > 24:
                free.add(blank(log))
        assert max(free) == (12 if line is _FAR else 0)
        await pilot.resize_terminal(80, 20)
        assert blank(log) == 0
        entry.sync(entry.message.text + "\n60. item\n61. item", "")
        log.changed()
        entry.update(replace(entry.message, state=AnswerState.COMPLETE))
        log.changed()
        assert blank(log) == 0
        assert log.following
