"""Where the question is written. It grows to ten lines; what is in it is lost by nothing but sending."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import TextArea

from holytui.i18n import _
from holytui.keymap import Keymap, Where
from holytui.text import nfc, sanitize
from holytui.ui.bindings import install


class Prompt(TextArea):
    """A text area whose Enter sends. ↑ on the first line brings back earlier questions."""

    @dataclass
    class Submitted(Message):
        """The user sent `text` (composed Unicode, not blank)."""

        text: str

    @dataclass
    class Hurry(Message):
        """Enter on an empty prompt: what waits is to be tried now."""

    @dataclass
    class EditorAsked(Message):
        """The user wants to write in an editor."""

    def __init__(self, keymap: Keymap, *, enter_sends: bool = True) -> None:
        super().__init__(
            id="prompt",
            soft_wrap=True,
            compact=True,
            highlight_cursor_line=False,
            placeholder=_("Ask anything"),
            show_line_numbers=False,
            tab_behavior="focus",
        )
        self.cursor_blink = False
        self._enter_sends = enter_sends
        self._past: list[str] = []
        self._at = 0
        self._unsent = ""
        install(self, keymap, Where.PROMPT, priority=True)

    def remember(self, questions: list[str]) -> None:
        """The earlier questions, oldest first."""
        self._past = questions
        self._at = len(questions)

    def action_prompt_send(self) -> None:
        """Send what is written, or begin a new line where Enter is set to do that."""
        if not self._enter_sends:
            self.insert("\n")
        else:
            self._send()

    def action_prompt_newline(self) -> None:
        """Begin a new line (or send, where Enter begins new lines)."""
        if self._enter_sends:
            self.insert("\n")
        else:
            self._send()

    def _send(self) -> None:
        text = nfc(sanitize(self.text)).strip("\n")
        if text.strip():
            self.post_message(self.Submitted(text))
        else:
            self.post_message(self.Hurry())

    def accepted(self) -> None:
        """The question is safe on disk: the prompt may be emptied."""
        text = nfc(sanitize(self.text)).strip("\n")
        if text and (not self._past or self._past[-1] != text):
            self._past.append(text)
        self._at = len(self._past)
        self._unsent = ""
        self.load_text("")

    def put(self, text: str) -> None:
        """Write `text` in place of what is there, the cursor at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def action_prompt_editor(self) -> None:
        """Write in an editor."""
        self.post_message(self.EditorAsked())

    def action_prompt_older(self) -> None:
        """Up a line; on the first line, the question before."""
        if not self.cursor_at_first_line or self._at == 0:
            self.action_cursor_up()
            return
        if self._at == len(self._past):
            self._unsent = self.text
        self._at -= 1
        self.put(self._past[self._at])

    def action_prompt_newer(self) -> None:
        """Down a line; on the last line, the question after."""
        if not self.cursor_at_last_line or self._at >= len(self._past):
            self.action_cursor_down()
            return
        self._at += 1
        self.put(self._past[self._at] if self._at < len(self._past) else self._unsent)
