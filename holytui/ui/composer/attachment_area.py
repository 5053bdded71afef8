"""A text area that tracks attached files: an `@path` attaches one if it was typed key by key or completed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual import work
from textual.message import Message
from textual.widgets.text_area import Edit, EditResult

from holytui.attachments.files import Chosen, still_named
from holytui.attachments.selection import NOTHING, RequestedFiles, SelectedFiles, check_files
from holytui.models import Image
from holytui.ui.composer.provenance import Location, MentionSelection
from holytui.ui.stand_ins import ExactTextArea


class AttachmentArea(ExactTextArea):
    """Text inserted outside `typing`, such as a paste or a loaded text, attaches nothing."""

    _choice: MentionSelection
    _typing = False

    @dataclass
    class AttachmentsChanged(Message):
        """The files that are sent with the text, or that it only names, have changed."""

        selected: SelectedFiles

    @dataclass
    class FilesRequested(Message):
        """A key requests to attach or detach a file."""

        selected: SelectedFiles

    def __init__(self, folder: Callable[[], Path], **options: Any) -> None:
        """`folder` is the base of relative paths; `options` are those of `TextArea`."""
        self._images: tuple[tuple[Image, ...], str] = ((), "")
        """Images of an earlier question that is edited, and its text."""
        self._wanted: RequestedFiles | None = None
        self._folder = folder
        super().__init__(**options)

    @property
    def choice(self) -> MentionSelection:
        """The mentions that attach files."""
        return self._choice

    @property
    def chosen(self) -> Mapping[str, str]:
        """The paths of chosen files, as written, each with its absolute path if known."""
        return self._choice.chosen(self.document.lines)

    @property
    def files(self) -> list[Chosen]:
        """The chosen files, which are sent with the text."""
        folder, chosen = self._folder(), self.chosen
        return [Chosen(path, place) if place else Chosen.at(path, folder) for path, place in chosen.items()]

    @property
    def images(self) -> tuple[Image, ...]:
        """Images of an earlier question that are sent again with the text."""
        images, before = self._images
        return tuple(still_named(images, before, self.full_text)) if images else ()

    @contextmanager
    def typing(self) -> Iterator[None]:
        """Treat text that is inserted meanwhile as typed."""
        self._typing = True
        try:
            yield
        finally:
            self._typing = False

    @property
    def full_text(self) -> str:
        """The text as it is sent: pastes unfolded."""
        return self.text

    def load(self, text: str, chosen: Mapping[str, str], images: Sequence[Image], before: str) -> None:
        """Replace the text, with its chosen files and the images of an earlier question, whose text was `before`."""
        self._images = (tuple(images), before)
        self.load_text(text)
        self._choice.load(self.document.lines, chosen)

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        self._choice = MentionSelection()
        self._choice.load(self.document.lines)

    def edit(self, edit: Edit) -> EditResult:
        """Apply an edit and record its provenance."""
        typed, start, end = self._typing, edit.from_location, edit.to_location
        result = super().edit(edit)
        self._choice.provenance.replace(start, end, self._lengths(min(start, end), result.end_location), typed=typed)
        self._choice.changed(self.document.lines)
        return result

    def _lengths(self, start: Location, end: Location) -> list[int]:
        """Lengths of the lines between two locations."""
        if start[0] == end[0]:
            return [end[1] - start[1]]
        lines = self.document.lines
        return [len(lines[start[0]]) - start[1], *map(len, lines[start[0] + 1 : end[0]]), end[1]]

    def undo(self) -> None:
        """Undo an edit. Restored text does not count as typed; chosen files stay chosen while the text names them."""
        chosen = self.chosen
        super().undo()
        self._choice.load(self.document.lines, chosen)

    def redo(self) -> None:
        """Redo an edit, as `undo`."""
        chosen = self.chosen
        super().redo()
        self._choice.load(self.document.lines, chosen)

    # -- attachments

    def attach(self, path: str) -> None:
        """Attach a file that the text names."""
        self.choice.attach(path)
        self._update_attachments()

    def detach(self, name: str) -> None:
        """Do not send a file or an image; the text stays."""
        images, before = self._images
        self._images = (tuple(image for image in images if image.name != name), before)
        self.choice.detach(name, self.document.lines)
        self._update_attachments()

    async def action_prompt_attach(self) -> None:
        """Request to attach or detach a file."""
        self.post_message(self.FilesRequested(await asyncio.to_thread(check_files, self._requested_files())))

    def _requested_files(self) -> RequestedFiles:
        others = [Chosen.at(path, self._folder()) for path in self.choice.others(self.document.lines)]
        return RequestedFiles(self.images, tuple(self.files), tuple(others), self.full_text)

    def _update_attachments(self) -> None:
        """Post `AttachmentsChanged` if the attached files have changed."""
        none = "@" not in self.text and not self._images[0]
        wanted = NOTHING if none else self._requested_files()
        if self._wanted is None or wanted.files != self._wanted.files:
            self._wanted = wanted
            self._inspect_files(wanted)

    @work(group="files", exclusive=True, exit_on_error=False)
    async def _inspect_files(self, wanted: RequestedFiles) -> None:
        found = await asyncio.to_thread(check_files, wanted) if wanted.files else SelectedFiles()
        self.post_message(self.AttachmentsChanged(found))
