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
from holytui.attachments.selection import NOTHING, RequestedFiles, SelectedFiles, check_files
from holytui.models import Image
from holytui.ui.composer.provenance import Choice, Location
from holytui.ui.stand_ins import ExactArea


class ChoosingArea(ExactArea):
    """What it is given otherwise than by `typing`, such as a paste or a text that is loaded, chooses nothing."""

    _choice: Choice
    _typing = False

    @dataclass
    class Attaching(Message):
        """What will be sent beside the text, and what stays text, is this now."""

        selected: SelectedFiles

    @dataclass
    class FilesAsked(Message):
        """The user wants to attach a file, or to take one off."""

        selected: SelectedFiles

    def __init__(self, folder: Callable[[], Path], **options: Any) -> None:
        """`folder` is where relative paths begin; `options` are those of `TextArea`."""
        self._images: tuple[tuple[Image, ...], str] = ((), "")
        """Those of an earlier question that is put again, and its text."""
        self._wanted: RequestedFiles | None = None
        self._folder = folder
        super().__init__(**options)

    @property
    def choice(self) -> Choice:
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
        return tuple(still_named(images, before, self.whole)) if images else ()

    @contextmanager
    def typing(self) -> Iterator[None]:
        """What is inserted meanwhile was typed."""
        self._typing = True
        try:
            yield
        finally:
            self._typing = False

    @property
    def whole(self) -> str:
        """The text as it is sent."""
        return self.text

    def load(self, text: str, chosen: Mapping[str, str], images: Sequence[Image], before: str) -> None:
        """Another text, for which files had been chosen, with the images of an earlier question, `before`."""
        self._images = (tuple(images), before)
        self.load_text(text)
        self._choice.load(self.document.lines, chosen)

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        self._choice = Choice()
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
        self.choice.choose(path)
        self._weigh_files()

    def take_off(self, name: str) -> None:
        """Do not send a file or an image; what the text says stays."""
        images, before = self._images
        self._images = (tuple(image for image in images if image.name != name), before)
        self.choice.take_off(name, self.document.lines)
        self._weigh_files()

    async def action_prompt_attach(self) -> None:
        """Attach a file that the text names, or take one off."""
        self.post_message(self.FilesAsked(await asyncio.to_thread(check_files, self._files_wanted())))

    def _files_wanted(self) -> RequestedFiles:
        others = [Chosen.at(path, self._folder()) for path in self.choice.others(self.document.lines)]
        return RequestedFiles(self.images, tuple(self.files), tuple(others), self.whole)

    def _weigh_files(self) -> None:
        """Say what is sent beside the text, if that changed."""
        none = "@" not in self.text and not self._images[0]
        wanted = NOTHING if none else self._files_wanted()
        if self._wanted is None or wanted.files != self._wanted.files:
            self._wanted = wanted
            self._look_at_files(wanted)

    @work(group="files", exclusive=True, exit_on_error=False)
    async def _look_at_files(self, wanted: RequestedFiles) -> None:
        found = await asyncio.to_thread(check_files, wanted) if wanted.files else SelectedFiles()
        self.post_message(self.Attaching(found))
