"""Where the question is written. It grows to ten lines; what is in it is lost by nothing but sending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events, on, work
from textual.message import Message
from textual.widgets import TextArea

from holytui.attachments.files import Chosen
from holytui.i18n import _
from holytui.keymap import Keymap, Where
from holytui.models import Image
from holytui.terminal.diff.cells import clusters
from holytui.text import nfc, sanitize
from holytui.ui import slash_commands
from holytui.ui.bindings import install, run_in_order, sent_on, textual_key
from holytui.ui.composer import path_completion
from holytui.ui.composer.choosing_area import ChoosingArea
from holytui.ui.composer.completion import NOTHING, Offer, offer_for
from holytui.ui.composer.draft_store import Draft
from holytui.ui.composer.paste import Pastes
from holytui.ui.composer.path_completion import Name
from holytui.ui.composer.provenance import NONE, Mention
from holytui.ui.composer.submit import Question

_LETTER = 64
"""Characters that one letter with its marks has at most."""

MakeQuestion = Callable[[str, Sequence[Chosen], Sequence[Image]], Question]
"""From a text, the files chosen for it, and the images of an earlier question to what is to be asked."""


class Prompt(ChoosingArea):
    """A text area whose Enter sends. ↑ on the first line brings back earlier questions."""

    @dataclass
    class Submitted(Message):
        """The user sent a question (composed Unicode, not blank)."""

        question: Question

    @dataclass
    class Commanded(Message):
        """The user gave a `/command`: the id of an action of the table, and what was written behind it."""

        action: str
        words: str

    @dataclass
    class NoCommand(Message):
        """A line begins with `/` and cannot be done; nothing was sent."""

        found: slash_commands.Alone | slash_commands.Unknown

    @dataclass
    class Hurry(Message):
        """Enter on an empty prompt: what waits is to be tried now."""

    @dataclass
    class ActionRequested(Message):
        """A key asks for an action that is not the prompt's own: the id of the action."""

        action: str

    @dataclass
    class Offered(Message):
        """What is offered above the prompt now."""

        offer: Offer

    def __init__(
        self,
        keymap: Keymap,
        question: MakeQuestion,
        *,
        enter_sends: bool = True,
        sees: Callable[[], bool] = lambda: False,
        folder: Callable[[], Path] = Path,
    ) -> None:
        """`sees`: whether the model that will be asked can be sent images."""
        super().__init__(
            folder,
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
        self._sees = sees
        self._question = question
        self._past: list[str] = []
        self._at = 0
        self._unsent = Draft()
        self._pastes = Pastes()
        self._offer = NOTHING
        self._offer_for = ("", (0, 0))
        self._names: dict[str, list[Name] | None] = {}
        """What is in the folders of the path that is being typed; None while one is being read."""
        self._cleared = Draft()
        """What was taken away by a key; ↑ in the empty prompt brings it back."""
        named = ("prompt.send", "prompt.newline", "app.quit")
        self._meaning = {textual_key(key): name for name in named for key in keymap.keys_for(name)}
        install(self, keymap, Where.PROMPT)

    # -- text

    def remember(self, questions: list[str]) -> None:
        """The earlier questions, oldest first."""
        self._past = questions
        self._at = len(questions)

    @property
    def whole(self) -> str:
        """The text with its folded pastes unfolded."""
        return self._pastes.expand(self.text)

    @property
    def draft(self) -> Draft:
        """What is written, as it can be kept."""
        files = {each.path: each.place for each in self.files}
        return Draft(self.text, self._pastes.kept(self.text), files)

    def restore(self, draft: Draft) -> None:
        """Write a kept draft in place of what is there."""
        self._pastes = Pastes(draft.pastes)
        self.put(draft.text, draft.files)

    def give_back(self, text: str, files: Sequence[Chosen] = (), images: Sequence[Image] = ()) -> None:
        """It could not be sent: it stands in the prompt again, before what was typed since."""
        since, now = self.whole, {each.path: each.place for each in self.files}
        kept = (*images, *(image for image in self.images if image not in images))
        chosen = {each.path: each.place for each in files} | now
        self.put(f"{text}\n{since}" if since else text, chosen, kept)

    def put(self, text: str, files: Mapping[str, str] = NONE, images: Sequence[Image] = ()) -> None:
        """Write `text` in place of what is there, the cursor at its end; pastes in it are folded as they were. Files
        that it names are attached only if they are among `files`."""
        self.load(self._pastes.refold(text), files, images, text)
        self.move_cursor(self.document.end)

    def clear_kept(self) -> None:
        """Empty the prompt; the undo key, or ↑ in the empty prompt, brings the text back."""
        self._cleared = self.draft
        self.clear()

    def undo(self) -> None:
        """What `clear_kept` took away comes back with the files that had been chosen for it."""
        super().undo()
        if self.text and self.text == self._cleared.text:
            self.choice.load(self.document.lines, self._cleared.files)
            self._weigh_files()

    # -- keys

    async def on_key(self, event: events.Key) -> None:
        """All that a key does to the text is done here, so that keys act in the order in which they were typed,
        however fast they came."""
        if sent_on(self, event):
            return
        self._look()
        if self._offer and self._choose(event.key):
            event.stop()
            event.prevent_default()
            return
        match self._meaning.get(event.key):
            case "prompt.send":
                self._send() if self._enter_sends else self.insert("\n")
            case "prompt.newline":
                self.insert("\n") if self._enter_sends else self._send()
            case "app.quit" if self.text:
                self.action_delete_right()
            case _ if event.is_printable and event.character and not self.read_only:
                with self.typing():
                    self._replace_via_keyboard(event.character, *self.selection)
            case _:
                await run_in_order(self, event)
                return
        event.stop()
        event.prevent_default()

    async def on_paste(self, event: events.Paste) -> None:
        """A long paste becomes a chip. No path in a paste attaches a file."""
        if sent_on(self, event):
            return
        event.stop()
        event.prevent_default()
        if not self.read_only and (
            result := self._replace_via_keyboard(self._pastes.fold(event.text), *self.selection)
        ):
            self.move_cursor(result.end_location)

    def action_delete_left(self) -> None:
        """Delete a letter with its marks, or the chip that ends here."""
        line, column = self.cursor_location
        start = self._pastes.chip_before(self.document.get_line(line), column)
        if start is not None and self.selection.is_empty:
            self._delete_via_keyboard((line, start), (line, column))
        elif column and self.selection.is_empty:
            # a letter may be several characters: typed marks, joined pictures
            letter = clusters(self.document.get_line(line)[max(0, column - _LETTER) : column])[-1][0]
            self._delete_via_keyboard((line, column - len(letter)), (line, column))
        else:
            super().action_delete_left()

    def action_delete_right(self) -> None:
        """Delete a character, or the chip that begins here."""
        line, column = self.cursor_location
        end = self._pastes.chip_after(self.document.get_line(line), column)
        if end is not None and self.selection.is_empty:
            self._delete_via_keyboard((line, column), (line, end))
        else:
            super().action_delete_right()

    def _send(self) -> None:
        match slash_commands.parse(self.text.rstrip()):
            case slash_commands.Command(action, words):
                self._clear()
                self.post_message(self.Commanded(action, words))
            case slash_commands.Alone() | slash_commands.Unknown() as found:
                self.post_message(self.NoCommand(found))
            case str(typed):
                self._submit(typed)

    def _submit(self, typed: str) -> None:
        text = nfc(sanitize(self._pastes.expand(typed))).strip("\n")
        if not text.strip():
            self.post_message(self.Hurry())
            return
        if not self._past or self._past[-1] != text:
            self._past.append(text)
        self._at = len(self._past)
        files, images = self.files, self.images
        self._clear()
        # made now: the keys that follow may lead elsewhere before the message arrives
        self.post_message(self.Submitted(self._question(text, files, images)))

    def _clear(self) -> None:
        self._unsent = Draft()
        self.put("")

    def action_ask(self, action: str, _number: int) -> None:
        """Ask for an action that is not the prompt's own."""
        self.post_message(self.ActionRequested(action))

    def action_prompt_older(self) -> None:
        """Up a line; on the first line, the question before."""
        if not self.text and self._cleared != Draft():
            cleared, self._cleared = self._cleared, Draft()
            self._at = len(self._past)
            self._pastes = Pastes({**self._pastes.texts, **cleared.pastes})
            self.put(cleared.text, cleared.files)
            return
        if not self.cursor_at_first_line or self._at == 0:
            self.action_cursor_up()
            return
        if self._at == len(self._past):
            self._unsent = self.draft
        self._at -= 1
        self.put(self._past[self._at])

    def action_prompt_newer(self) -> None:
        """Down a line; on the last line, the question after."""
        if not self.cursor_at_last_line or self._at >= len(self._past):
            self.action_cursor_down()
            return
        self._at += 1
        if self._at < len(self._past):
            self.put(self._past[self._at])
        else:
            self.put(self._unsent.text, self._unsent.files)

    # -- what is offered

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _changed(self) -> None:
        self._look()
        self._weigh_files()

    def on_blur(self) -> None:
        """Nothing is offered to whoever is elsewhere."""
        self._show(NOTHING)

    def _look(self) -> None:
        """Bring the offer up to the text and the cursor, if they changed since it was made."""
        state = (self.text, self.cursor_location)
        if state != self._offer_for:
            self._offer_for = state
            self._make_offer()

    def _make_offer(self) -> None:
        line, column = self.cursor_location
        only = self.document.line_count == 1
        here = self.document.get_line(line)
        path = path_completion.typed_at(here, column)
        fresh = offer_for(here, column, only_line=only, names_of=self._names_of, sees=self._sees())
        if path is not None and not self.choice.provenance.is_typed(Mention(path.path, line, path.column, column)):
            fresh = NOTHING  # Enter, which takes what is offered, must not attach what was pasted
        if path is None:
            self._names.clear()
        self._show(self._offer.after(fresh) if self.selection.is_empty else NOTHING)

    def _show(self, offer: Offer) -> None:
        if offer != self._offer:
            self._offer = offer
            self.post_message(self.Offered(offer))

    def _choose(self, key: str) -> bool:
        """Do what `key` does to the list; False if that is nothing."""
        match key:
            case "up" | "down":
                self._show(self._offer.moved(-1 if key == "up" else 1))
            case "tab":
                self._take()
            case "escape":
                self._show(NOTHING)
            case _ if self._meaning.get(key) == "prompt.send" and self._enter_sends:
                if self._offer.taken_already:
                    return False
                command = self._offer.command
                self._take()
                if command:
                    self._send()
            case _:
                return False
        return True

    def _take(self) -> None:
        line, column = self.cursor_location
        with self.typing():  # it was chosen
            taken = self._offer.highlighted.text
            result = self._replace_via_keyboard(taken, (line, self._offer.column), (line, column))
        if result is not None:
            self.move_cursor(result.end_location)
        self._look()

    def _names_of(self, folder: str) -> list[Name] | None:
        if folder not in self._names:
            self._names[folder] = None
            self._read(folder)
        return self._names[folder]

    @work(group="folder", exit_on_error=False)
    async def _read(self, folder: str) -> None:
        self._names[folder] = await asyncio.to_thread(path_completion.names_in, folder, self._folder())
        self._make_offer()
