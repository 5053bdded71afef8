"""The text area in which a question is written. Its text survives everything but sending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events, on, work
from textual.message import Message
from textual.widgets import TextArea

from holytui.attachments.files import Chosen
from holytui.config.schema import Ui
from holytui.i18n import _
from holytui.keymap import Keymap, Where
from holytui.models import Image
from holytui.terminal.diff.cells import clusters
from holytui.text import nfc, sanitize
from holytui.ui import slash_commands
from holytui.ui.bindings import forwarded, install, run_in_order, textual_key
from holytui.ui.composer import path_completion
from holytui.ui.composer.completer import Completer
from holytui.ui.composer.completion import NO_COMPLETIONS, Completions
from holytui.ui.composer.draft_store import Draft
from holytui.ui.composer.paste import Pastes
from holytui.ui.composer.prompt_history import PromptHistory
from holytui.ui.composer.provenance import NONE, Mention
from holytui.ui.composer.submit import Question
from holytui.ui.composer.vim_area import VimArea

_MAX_CLUSTER = 64
"""Maximum characters of one grapheme cluster."""

QuestionFactory = Callable[[str, Sequence[Chosen], Sequence[Image]], Question]
"""Makes a question of a text, the files chosen for it, and the images of an earlier question."""


class Prompt(VimArea):
    """Enter sends; ↑ on the first line goes back to earlier questions."""

    @dataclass
    class Submitted(Message):
        """The user sent a question (composed Unicode, not blank)."""

        question: Question

    @dataclass
    class CommandEntered(Message):
        """The user entered a slash command."""

        action: str
        """The id of its action."""
        words: str
        """The text after the command."""

    @dataclass
    class InvalidCommand(Message):
        """The user entered a line that begins with `/` and is no valid command; nothing was sent."""

        error: slash_commands.Alone | slash_commands.Unknown

    @dataclass
    class RetryRequested(Message):
        """Enter in an empty prompt: the next attempt should begin now."""

    @dataclass
    class ActionRequested(Message):
        """A key requests an action that is not the prompt's own."""

        action: str
        """The id of the action."""

    @dataclass
    class CompletionsChanged(Message):
        """Other completions are available."""

        completions: Completions

    def __init__(
        self,
        keymap: Keymap,
        question: QuestionFactory,
        ui: Ui,
        *,
        sees: Callable[[], bool] = lambda: False,
        folder: Callable[[], Path] = Path,
    ) -> None:
        """`sees`: whether the model of the next question accepts images."""
        super().__init__(
            folder,
            id="prompt",
            soft_wrap=True,
            compact=True,
            highlight_cursor_line=False,
            show_line_numbers=False,
            tab_behavior="focus",
        )
        self.cursor_blink = False
        self._question = question
        self._history = PromptHistory()
        self._pastes = Pastes()
        self._completer = Completer(
            changed=lambda completions: self.post_message(self.CompletionsChanged(completions)),
            read_folder=self._read_folder,
            is_typed=self._is_typed,
            sees=sees,
        )
        self.configure(keymap, ui)

    def configure(self, keymap: Keymap, ui: Ui) -> None:
        """Use other keys, another meaning of Enter, and another language."""
        self.placeholder = _("Ask anything")
        self._enter_sends = ui.enter == "send"
        handled = ("prompt.send", "prompt.newline", "app.quit")
        self._actions = {textual_key(key): action for action in handled for key in keymap.keys_for(action)}
        install(self, keymap, Where.PROMPT)
        self.use_vim(ui.editing == "vim")

    # -- text

    def remember(self, questions: list[str]) -> None:
        """Use the earlier questions of another conversation, oldest first."""
        self._history.load(questions)

    @property
    def full_text(self) -> str:
        """The text with its folded pastes unfolded."""
        return self._pastes.expand(self.text)

    @property
    def draft(self) -> Draft:
        """The text and its attachments, as they can be stored."""
        files = {each.path: each.place for each in self.files}
        return Draft(self.text, self._pastes.used_in(self.text), files)

    def restore(self, draft: Draft) -> None:
        """Replace the text with a stored draft."""
        self._pastes = Pastes(draft.pastes)
        self._show(draft.text, draft.files)

    def restore_unsent(self, text: str, files: Sequence[Chosen] = (), images: Sequence[Image] = ()) -> None:
        """Put back a question that could not be sent, before the text typed since."""
        since, now = self.full_text, {each.path: each.place for each in self.files}
        kept = (*images, *(image for image in self.images if image not in images))
        chosen = {each.path: each.place for each in files} | now
        self.set_text(f"{text}\n{since}" if since else text, chosen, kept)

    def set_text(self, text: str, files: Mapping[str, str] = NONE, images: Sequence[Image] = ()) -> None:
        """Replace the text, with the cursor at its end, its pastes folded as before, and the middle of a long text
        folded. Of the files that it names only those among `files` are attached."""
        if self._pastes.mentioned_in(text):
            self._pastes = Pastes()  # these words are no chip
        self._show(self._pastes.refold(text), files, images)

    def _show(self, text: str, files: Mapping[str, str], images: Sequence[Image] = ()) -> None:
        """As `set_text`, for a text whose pastes are folded."""
        paths = tuple(f"@{path}" for path in files) + tuple(f'@"{path}' for path in files)
        shown = self._pastes.shorten(text, lambda line: any(path in line for path in paths))
        self.load(shown, files, images, self._pastes.expand(text))
        self.move_cursor(self.document.end)
        self.show_cursor_of_mode()

    def _show_again(self, draft: Draft) -> None:
        """Replace the text with a draft from before."""
        self._pastes = Pastes({**self._pastes.texts, **draft.pastes})
        self._show(draft.text, draft.files)

    @property
    def folded(self) -> bool:
        """Whether the text has a chip."""
        return self._pastes.mentioned_in(self.text)

    def recall(self, question: str, *, send: bool) -> None:
        """Replace the text with an earlier question, or send that; ↑ then finds the replaced text."""
        if self.text and not send:
            self._history.cleared = self.draft
        if not send:
            self.set_text(question)
        elif self.text:
            draft = self.draft
            self._submit(question)
            self.restore(draft)
        else:
            self._submit(question)

    def clear_undoable(self) -> None:
        """Clear the prompt; the undo key, or ↑ in the empty prompt, restores the text."""
        self._history.cleared = self.draft
        self.clear()

    def undo(self) -> None:
        """Undo an edit. If it was the clearing of the prompt, the files are attached again."""
        super().undo()
        cleared = self._history.cleared
        if self.text and self.text == cleared.text:
            self.choice.load(self.document.lines, cleared.files)
            self._update_attachments()

    # -- keys

    async def on_key(self, event: events.Key) -> None:
        """Handle keys here, not by bindings, so that they act in the order in which they were typed."""
        if forwarded(self, event):
            return
        if self._press_vim_key(event):
            self._update_completions()
            event.stop()
            event.prevent_default()
            return
        self._update_completions()
        if self._completer.current and self._handle_completion_key(event.key):
            event.stop()
            event.prevent_default()
            return
        match self._actions.get(event.key):
            case "prompt.send":
                self._send() if self._enter_sends else self.insert("\n")
            case "prompt.newline":
                self.insert("\n") if self._enter_sends else self._send()
            case "app.quit" if self.text:
                self.action_delete_right()
            case _ if event.is_printable and event.character and not self.read_only and not self._has_action(event.key):
                with self.typing():
                    self._replace_via_keyboard(event.character, *self.selection)
            case _:
                await run_in_order(self, event)
                self.show_cursor_of_mode()
                return
        event.stop()
        event.prevent_default()

    def _press_vim_key(self, event: events.Key) -> bool:
        sends = self._actions.get(event.key) == ("prompt.send" if self._enter_sends else "prompt.newline")
        if self._has_action(event.key):
            return False
        return self.press_vim_key(event, is_enter=event.key == "enter" and not sends)

    def parts(self, line: str) -> Iterator[tuple[str, bool]]:
        """Yield a line in pieces, and whether each is a chip."""
        return self._pastes.parts(line)

    def _has_action(self, key: str) -> bool:
        """Whether an action has this key; Textual takes Alt with a letter for a letter."""
        return key.startswith("alt+") and any(key in node._bindings.key_to_bindings for node in (self, self.screen))

    async def on_paste(self, event: events.Paste) -> None:
        """Insert a paste, a long one as a chip. Paths in it attach no files."""
        if forwarded(self, event):
            return
        event.stop()
        event.prevent_default()
        self.leave_visual()
        if not self.read_only and (
            result := self._replace_via_keyboard(self._pastes.fold(event.text), *self.selection)
        ):
            self.move_cursor(result.end_location)

    def action_delete_left(self) -> None:
        """Delete the grapheme cluster or the chip before the cursor."""
        line, column = self.cursor_location
        start = self._pastes.chip_before(self.document.get_line(line), column)
        if start is not None and self.selection.is_empty:
            self._delete_via_keyboard((line, start), (line, column))
        elif column and self.selection.is_empty:
            # a grapheme cluster may be several characters: combining marks, joined emoji
            cluster = clusters(self.document.get_line(line)[max(0, column - _MAX_CLUSTER) : column])[-1][0]
            self._delete_via_keyboard((line, column - len(cluster)), (line, column))
        else:
            super().action_delete_left()

    def action_delete_right(self) -> None:
        """Delete the character or the chip after the cursor."""
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
                self.post_message(self.CommandEntered(action, words))
            case slash_commands.Alone() | slash_commands.Unknown() as error:
                self.post_message(self.InvalidCommand(error))
            case str(typed):
                self._submit(self._pastes.expand(typed))

    def _submit(self, typed: str) -> None:
        text = nfc(sanitize(typed)).strip("\n")
        if not text.strip():
            self.post_message(self.RetryRequested())
            return
        self._history.add(text)
        files, images = self.files, self.images
        self._clear()
        # made now, as the next keys may open another conversation before the message arrives
        self.post_message(self.Submitted(self._question(text, files, images)))

    def _clear(self) -> None:
        self._history.forget_draft()
        self.set_text("")
        self.start_insert()

    def action_prompt_undo(self) -> None:
        """Undo the last edit."""
        self.undo()

    def action_prompt_redo(self) -> None:
        """Redo what was undone."""
        self.redo()

    def action_ask(self, action: str, _number: int) -> None:
        """Request an action that is not the prompt's own."""
        self.post_message(self.ActionRequested(action))

    def action_prompt_older(self) -> None:
        """Move up a line; on the first line, go to the question before."""
        if not self.text and (cleared := self._history.take_cleared()) is not None:
            self._show_again(cleared)
            return
        question = self._history.older(self.draft, self.full_text) if self.cursor_at_first_line else None
        if question is None:
            self.action_cursor_up()
        else:
            self.set_text(question)

    def action_prompt_newer(self) -> None:
        """Move down a line; on the last line, go to the question after."""
        match self._history.newer() if self.cursor_at_last_line else None:
            case str(question):
                self.set_text(question)
            case Draft() as draft:
                self._show_again(draft)
            case None:
                self.action_cursor_down()

    # -- completions

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _changed(self) -> None:
        self._update_completions()
        self._update_attachments()

    def on_blur(self) -> None:
        """Hide the completions."""
        self._completer.show(NO_COMPLETIONS)

    def _update_completions(self) -> None:
        if self.takes_keys:
            self._completer.show(NO_COMPLETIONS)
            return
        self._completer.update(
            self.text, self.document.lines, self.cursor_location, is_selecting=not self.selection.is_empty
        )

    def _is_typed(self, mention: Mention) -> bool:
        return self.choice.provenance.is_typed(mention)

    def _handle_completion_key(self, key: str) -> bool:
        """Handle a key of the list of completions; False if it has no meaning there."""
        completions = self._completer.current
        match key:
            case "up" | "down":
                self._completer.show(completions.moved(-1 if key == "up" else 1))
            case "tab":
                self._insert_completion()
            case "escape":
                self._completer.show(NO_COMPLETIONS)
            case _ if self._actions.get(key) == "prompt.send" and self._enter_sends:
                if completions.is_typed:
                    return False
                self._insert_completion()
                if completions.are_commands:
                    self._send()
            case _:
                return False
        return True

    def _insert_completion(self) -> None:
        line, column = self.cursor_location
        completions = self._completer.current
        with self.typing():  # a path that the user took counts as typed
            inserted = completions.highlighted.text
            result = self._replace_via_keyboard(inserted, (line, completions.column), (line, column))
        if result is not None:
            self.move_cursor(result.end_location)
        self._update_completions()

    @work(group="folder", exit_on_error=False)
    async def _read_folder(self, folder: str) -> None:
        entries = await asyncio.to_thread(path_completion.entries_in, folder, self._folder())
        self._completer.add_folder(folder, entries)
        if not self.takes_keys:
            self._completer.compute(self.document.lines, self.cursor_location, is_selecting=not self.selection.is_empty)
