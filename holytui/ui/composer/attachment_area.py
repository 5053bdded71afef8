"""A text area that knows which files were chosen in it: an `@path` counts that was typed key by key, or taken."""

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
from holytui.attachments.selection import NOTHING, Selected, Wanted, look
from holytui.models import Image
from holytui.ui.composer.provenance import Location, MentionSelection
from holytui.ui.stand_ins import ExactTextArea


class AttachmentArea(ExactTextArea):
    """What it is given otherwise than by `typing`, such as a paste or a text that is loaded, chooses nothing."""

    _choice: MentionSelection
    _typing = False

    @dataclass
    class AttachmentsChanged(Message):
        """What will be sent beside the text, and what stays text, is this now."""

        selected: Selected

    @dataclass
    class FilesRequested(Message):
        """The user wants to attach a file, or to take one off."""

        selected: Selected

    def __init__(self, folder: Callable[[], Path], **options: Any) -> None:
        """`folder` is where relative paths begin; `options` are those of `TextArea`."""
        self._images: tuple[tuple[Image, ...], str] = ((), "")
        """Those of an earlier question that is put again, and its text."""
        self._wanted: Wanted | None = None
        self._folder = folder
        super().__init__(**options)

    @property
    def choice(self) -> MentionSelection:
        """Which files were chosen."""
        return self._choice

    @property
    def chosen(self) -> Mapping[str, str]:
        """The paths of the files that were chosen, as they are written, each with its place if that is known."""
        return self._choice.chosen(self.document.lines)

    @property
    def files(self) -> list[Chosen]:
        """The files that were chosen and are sent with the text."""
        folder, chosen = self._folder(), self.chosen
        return [Chosen(path, place) if place else Chosen.at(path, folder) for path, place in chosen.items()]

    @property
    def images(self) -> tuple[Image, ...]:
        """Those of an earlier question that are sent again with the text."""
        images, before = self._images
        return tuple(still_named(images, before, self.full_text)) if images else ()

    @contextmanager
    def typing(self) -> Iterator[None]:
        """What is inserted meanwhile was typed."""
        self._typing = True
        try:
            yield
        finally:
            self._typing = False

    @property
    def full_text(self) -> str:
        """The text as it is sent."""
        return self.text

    def load(self, text: str, chosen: Mapping[str, str], images: Sequence[Image], before: str) -> None:
        """Another text, for which files had been chosen, with the images of an earlier question, `before`."""
        self._images = (tuple(images), before)
        self.load_text(text)
        self._choice.load(self.document.lines, chosen)

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        self._choice = MentionSelection()
        self._choice.load(self.document.lines)

    def edit(self, edit: Edit) -> EditResult:
        """Follow it."""
        typed, start, end = self._typing, edit.from_location, edit.to_location
        result = super().edit(edit)
        self._choice.provenance.replace(start, end, self._lengths(min(start, end), result.end_location), typed=typed)
        self._choice.changed(self.document.lines)
        return result

    def _lengths(self, start: Location, end: Location) -> list[int]:
        """Of the lines between two locations."""
        if start[0] == end[0]:
            return [end[1] - start[1]]
        lines = self.document.lines
        return [len(lines[start[0]]) - start[1], *map(len, lines[start[0] + 1 : end[0]]), end[1]]

    def undo(self) -> None:
        """What comes back was not typed now; what is chosen at this moment stays so while the text names it."""
        chosen = self.chosen
        super().undo()
        self._choice.load(self.document.lines, chosen)

    def redo(self) -> None:
        """As `undo`."""
        chosen = self.chosen
        super().redo()
        self._choice.load(self.document.lines, chosen)

    # -- what is sent beside the text

    def attach(self, path: str) -> None:
        """Attach a file that the text names."""
        self.choice.attach(path)
        self._update_attachments()

    def detach(self, name: str) -> None:
        """Do not send a file or an image; what the text says stays."""
        images, before = self._images
        self._images = (tuple(image for image in images if image.name != name), before)
        self.choice.detach(name, self.document.lines)
        self._update_attachments()

    async def action_prompt_attach(self) -> None:
        """Attach a file that the text names, or take one off."""
        self.post_message(self.FilesRequested(await asyncio.to_thread(look, self._requested_files())))

    def _requested_files(self) -> Wanted:
        others = [Chosen.at(path, self._folder()) for path in self.choice.others(self.document.lines)]
        return Wanted(self.images, tuple(self.files), tuple(others), self.full_text)

    def _update_attachments(self) -> None:
        """Say what is sent beside the text, if that changed."""
        none = "@" not in self.text and not self._images[0]
        wanted = NOTHING if none else self._requested_files()
        if self._wanted is None or wanted.files != self._wanted.files:
            self._wanted = wanted
            self._inspect_files(wanted)

    @work(group="files", exclusive=True, exit_on_error=False)
    async def _inspect_files(self, wanted: Wanted) -> None:
        found = await asyncio.to_thread(look, wanted) if wanted.files else Selected()
        self.post_message(self.AttachmentsChanged(found))
