"""Messages made up for benchmarks, and an app that shows nothing but a log of them."""

from __future__ import annotations

from textual.app import App, ComposeResult

from holytui import keymap
from holytui.models import AnswerState, Message, Role
from holytui.ui.transcript.log import MessageLog
from holytui.ui.transcript.message_view import MessageView


def answer(number: int, text: str, state: AnswerState = AnswerState.STREAMING) -> MessageView:
    """An answer with that text."""
    return MessageView(Message(f"m{number}", "c", None, Role.ASSISTANT, text, 1.6e9 + number, model="p/m", state=state))


def talk(count: int) -> list[MessageView]:
    """`count` messages of mixed Markdown, a question before each answer."""
    body = "Some **bold** words and `code`.\n\n- one\n- two\n\n```python\nprint('{n}')\n```\n\nTiếng Việt có dấu. " * 2
    out: list[MessageView] = []
    for number in range(count):
        if number % 2:
            out.append(answer(number, body.replace("{n}", str(number)), AnswerState.COMPLETE))
        else:
            out.append(MessageView(Message(f"m{number}", "c", None, Role.USER, f"question {number}?", 1.6e9 + number)))
    return out


def log_app() -> tuple[App[None], MessageLog]:
    """An app with a log over the whole screen."""
    log = MessageLog(keymap.build_keymap({}))

    class Sheet(App[None]):
        CSS = "MessageLog { width: 1fr; height: 1fr; }"

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return {"muted": "#808080"}

        def compose(self) -> ComposeResult:
            yield log

    return Sheet(), log
