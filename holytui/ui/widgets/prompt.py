"""Where the question is written. It grows to ten lines; what is in it is lost by nothing but sending."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from holytui.i18n import _
from holytui.keymap import Keymap, Where
from holytui.text import nfc, sanitize
from holytui.ui.bindings import install, run_in_order, textual_key


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
        named = ("prompt.send", "prompt.newline", "app.quit")
        self._meaning = {textual_key(key): name for name in named for key in keymap.of(name)}
        install(self, keymap, Where.PROMPT)

    def remember(self, questions: list[str]) -> None:
        """The earlier questions, oldest first."""
        self._past = questions
        self._at = len(questions)

    async def on_key(self, event: events.Key) -> None:
        """All that a key does to the text is done here, so that keys act in the order in which they were typed,
        however fast they came."""
        match self._meaning.get(event.key):
            case "prompt.send":
                self._send() if self._enter_sends else self.insert("\n")
            case "prompt.newline":
                self.insert("\n") if self._enter_sends else self._send()
            case "app.quit" if self.text:
                self.action_delete_right()
            case _:
                await run_in_order(self, event)
                return
        event.stop()
        event.prevent_default()

    def _send(self) -> None:
        text = nfc(sanitize(self.text)).strip("\n")
        if not text.strip():
            self.post_message(self.Hurry())
            return
        if not self._past or self._past[-1] != text:
            self._past.append(text)
        self._at = len(self._past)
        self._unsent = ""
        self.load_text("")
        self.post_message(self.Submitted(text))

    def give_back(self, text: str) -> None:
        """It could not be sent: it stands in the prompt again, before what was typed since."""
        since = self.text
        self.put(f"{text}\n{since}" if since else text)

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
