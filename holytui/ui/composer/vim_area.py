"""A text area with Vim's modes. Insert mode is the text area as it is without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message

from holytui.ui.composer.attachment_area import AttachmentArea

if TYPE_CHECKING:
    from holytui.ui.composer.vim_modes import VimModes

_INSERT = "INSERT"
_INSERT_CLASS = "-vim-insert"


class VimArea(AttachmentArea):
    """The modes are off until `use_vim`, and begin in insert mode."""

    @dataclass
    class ModeChanged(Message):
        """The mode, or the keys of an incomplete command, have changed."""

        mode: str
        """Empty: the modes are off."""
        pending: str

    @dataclass
    class ClipboardRequested(Message):
        """A text should be copied to the clipboard."""

        text: str

    def __init__(self, folder: Callable[[], Path], **options: Any) -> None:
        """As `AttachmentArea`."""
        self._modes: VimModes | None = None
        super().__init__(folder, **options)

    def use_vim(self, wanted: bool) -> None:
        """Turn the modes on or off."""
        if wanted and self._modes is None:
            from holytui.ui.composer.vim_modes import VimModes

            self._modes = VimModes(self, self.parts, changed=self._mode_changed, copy=self._copy_requested)
        elif not wanted and self._modes is not None:
            self._modes.leave_visual()
            self._modes = None
            self._mode_changed("", "")

    def _mode_changed(self, mode: str, pending: str) -> None:
        self.set_class(mode == _INSERT, _INSERT_CLASS)
        self.post_message(self.ModeChanged(mode, pending))

    def _copy_requested(self, text: str) -> None:
        self.post_message(self.ClipboardRequested(text))

    @property
    def takes_keys(self) -> bool:
        """Whether keys are commands: in normal and visual mode."""
        return self._modes is not None and self._modes.takes_keys

    @property
    def selected_text(self) -> str:
        """The selected text; in visual mode with the character at the cursor."""
        selected = self._modes.selected_text if self._modes is not None else None
        return super().selected_text if selected is None else selected

    def parts(self, line: str) -> Iterator[tuple[str, bool]]:
        """Yield a line in pieces, and whether commands take each as one character."""
        yield line, False

    def press_vim_key(self, event: events.Key, *, is_enter: bool) -> bool:
        """Handle a key; False if it is not one of a mode. `is_enter`: Enter is a motion and sends nothing."""
        return self._modes is not None and self._modes.press(event, is_enter=is_enter)

    def start_insert(self) -> None:
        """Begin insert mode; without the modes, do nothing."""
        if self._modes is not None:
            self._modes.start_insert()

    def leave_visual(self) -> None:
        """End visual mode, with nothing selected; else do nothing."""
        if self._modes is not None:
            self._modes.leave_visual()

    def show_cursor_of_mode(self) -> None:
        """Show the cursor where the mode allows it, after a key that the modes did not handle."""
        if self._modes is not None:
            self._modes.show_cursor()

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        if self._modes is not None:
            self._modes.take_over_text()
