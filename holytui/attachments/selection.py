"""The files that will be sent with a question, as listed above the prompt."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holytui import formatting as fmt
from holytui.attachments.files import Chosen, carried, folder_reader, read_folder
from holytui.attachments.folders import FolderPath, FolderReader
from holytui.errors import NotAttached
from holytui.i18n import _, ngettext
from holytui.images import describe
from holytui.models import Image
from holytui.text import sanitize_line

_MAX_LINES = 5
"""Most lines of each kind; the last one has the number of further files."""
_MAX_CHECKED = 50
"""Most paths not chosen that are checked: a pasted text may name any number."""


@dataclass(frozen=True, slots=True)
class RequestedFiles:
    """The files of a draft: images of an earlier question, chosen files, and paths that were not chosen."""

    images: Sequence[Image] = ()
    chosen: Sequence[Chosen] = ()
    others: Sequence[Chosen] = ()
    text: str = ""

    @property
    def files(self) -> Sequence[object]:
        """The part that requires another check when it changes."""
        return (*self.images, None, *self.chosen, None, *self.others) if self != NOTHING else ()


NOTHING = RequestedFiles()


@dataclass(frozen=True, slots=True)
class AttachedItem:
    """A file or folder: its path as written, its description, and a line about files of a folder that are left out."""

    path: str
    words: str
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class SelectedFiles:
    """The attached files, and those that are only named."""

    attached: Sequence[AttachedItem] = ()
    named: Sequence[AttachedItem] = ()

    def lines(self, attach: str, remove: str) -> list[tuple[str, bool]]:
        """Return the lines to list, each with whether it is attached; `attach` and `remove` name the keys for it."""
        words = _("{path} is sent as text")
        named = [f"{words.format(path=sanitize_line(f'@{item.path}'))} · {attach}" for item in self.named]
        sent = _limited([item.words for item in self.attached])
        sent += [f"  {item.left_out}" for item in self.attached[:_MAX_LINES] if item.left_out]
        off = [" · ".join((_("attached to the question"), remove))] if sent else []
        return [*((line, True) for line in sent), *((line, False) for line in (*off, *_limited(named)))]


def _limited(lines: Sequence[str]) -> list[str]:
    if len(lines) <= _MAX_LINES:
        return list(lines)
    count = len(lines) - _MAX_LINES + 1
    return [
        *lines[: _MAX_LINES - 1],
        ngettext("and {count} more file", "and {count} more files", count).format(count=count),
    ]


def check_files(requested: RequestedFiles) -> SelectedFiles:
    """Check which of the files exist. Blocks on the disk."""
    attached = [AttachedItem(image.name, f"▣ {describe(image)}") for image in requested.images]
    read = [choice for choice in requested.chosen if not carried(choice.path, requested.text, requested.images)]
    folders = folder_reader(read)
    attached += [item for choice in read if (item := _item(choice, folders)) is not None]
    left = [
        choice
        for choice in requested.others[:_MAX_CHECKED]
        if not carried(choice.path, requested.text, requested.images)
    ]
    return SelectedFiles(attached, [item for choice in left if (item := _item(choice)) is not None])


def _item(chosen: Chosen, folders: FolderReader | None = None) -> AttachedItem | None:
    """Describe a file by name, size and location; None if it does not exist.

    Without a reader, a folder is not read, as for paths that were not chosen.
    """
    for spelled, place in chosen.spellings():
        size = _size(place)
        folder = FolderPath.parse(spelled, place)
        if size is not None and not spelled.endswith("/"):
            parts = (sanitize_line(spelled), fmt.size(size), sanitize_line(str(place)))
            return AttachedItem(chosen.path, "▣ " + " · ".join(parts))
        if folder is not None and (item := _folder_item(chosen.path, spelled, folder, folders)) is not None:
            return item
    return None


def _folder_item(path: str, spelled: str, folder: FolderPath, folders: FolderReader | None) -> AttachedItem | None:
    """Describe a folder by the files that are sent, or by the reason why it cannot be."""
    if folders is None:
        # whether a pattern matches is not looked up, so that a pasted text cannot cause long searches
        return AttachedItem(path, sanitize_line(spelled)) if not folder.is_pattern and folder.exists() else None
    try:
        contents = read_folder(spelled, folder, folders)
    except NotAttached as error:
        return AttachedItem(path, f"▣ {error.title}")
    if contents is None:
        return None
    parts = (sanitize_line(spelled), contents.words, sanitize_line(str(folder.place)))
    return AttachedItem(path, "▣ " + " · ".join(parts), contents.omission)


def _size(place: Path) -> int | None:
    try:
        status = place.stat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
