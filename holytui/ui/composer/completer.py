"""The completions for the text at the cursor of the prompt, kept up to date while it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from holytui.ui.composer import path_completion
from holytui.ui.composer.completion import NO_COMPLETIONS, Completions, completions_for
from holytui.ui.composer.path_completion import FolderEntry
from holytui.ui.composer.provenance import Mention

Cursor = tuple[int, int]


class Completer:
    """Completes commands, and paths that were typed key by key."""

    def __init__(
        self,
        *,
        changed: Callable[[Completions], object],
        read_folder: Callable[[str], object],
        is_typed: Callable[[Mention], bool],
        sees: Callable[[], bool],
    ) -> None:
        """`changed` gets new completions. `read_folder` reads a folder in the background and passes its entries to
        `add_folder`. `is_typed`: whether a mention was typed, not pasted. `sees`: whether the model accepts images."""
        self._changed = changed
        self._read_folder = read_folder
        self._is_typed = is_typed
        self._sees = sees
        self._folders: dict[str, Sequence[FolderEntry] | None] = {}
        """Entries of the folders of the path that is being typed; None while a folder is being read."""
        self._source = ("", (0, 0))
        """Text and cursor for which completions were last computed."""
        self.current = NO_COMPLETIONS

    def update(self, text: str, lines: Sequence[str], cursor: Cursor, *, is_selecting: bool) -> None:
        """Compute the completions if text or cursor have changed; none while text is selected."""
        if (text, cursor) != self._source:
            self._source = (text, cursor)
            self.compute(lines, cursor, is_selecting=is_selecting)

    def compute(self, lines: Sequence[str], cursor: Cursor, *, is_selecting: bool) -> None:
        """Compute the completions."""
        line, column = cursor
        path = path_completion.typed_at(lines[line], column)
        fresh = completions_for(
            lines[line], column, only_line=len(lines) == 1, entries_of=self._entries_of, sees=self._sees()
        )
        if path is not None and not self._is_typed(Mention(path.path, line, path.column, column)):
            fresh = NO_COMPLETIONS  # Enter takes the highlighted completion, and must not attach what was pasted
        if path is None:
            self._folders.clear()
        self.show(NO_COMPLETIONS if is_selecting else self.current.updated(fresh))

    def show(self, completions: Completions) -> None:
        """Replace the completions."""
        if completions != self.current:
            self.current = completions
            self._changed(completions)

    def add_folder(self, folder: str, entries: Sequence[FolderEntry]) -> None:
        """Provide the entries of a folder."""
        self._folders[folder] = entries

    def _entries_of(self, folder: str) -> Sequence[FolderEntry] | None:
        if folder not in self._folders:
            self._folders[folder] = None
            self._read_folder(folder)
        return self._folders[folder]
