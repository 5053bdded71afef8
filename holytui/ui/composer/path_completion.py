"""Completion of an `@path`: the entries of a folder, with size, kind, and why a file cannot be attached."""

from __future__ import annotations

import os
import re
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from holytui import formatting as fmt
from holytui.attachments.documents import MOST_DOCUMENT, may_be_document
from holytui.attachments.files import MOST, MOST_IMAGE, place_of
from holytui.i18n import _
from holytui.images import media_type_of
from holytui.text import fold, sanitize_line

_MAX_ENTRIES = 5_000
_INSPECT_SECONDS = 0.2
"""Seconds for inspecting the files of a folder; further files have an unknown kind."""
_HEAD = 512
"""Bytes read to determine the kind of a file."""
_TYPED = re.compile(r'(?<!\S)@(?:"(?P<quoted>[^"\n]*)|(?P<plain>[^\s"]*))\Z')


class FileKind(Enum):
    """The kind of a file, judged by its first bytes."""

    UNKNOWN = auto()
    TEXT = auto()
    IMAGE = auto()
    DOCUMENT = auto()
    BINARY = auto()


@dataclass(frozen=True, slots=True)
class PartialPath:
    """A path that is being typed after an `@`."""

    path: str
    column: int

    @property
    def folder(self) -> str:
        """The part up to the last slash."""
        return self.path[: self.path.rfind("/") + 1]

    @property
    def beginning(self) -> str:
        """The typed part of the last name."""
        return self.path[self.path.rfind("/") + 1 :]


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A file, or a folder (`size` is None)."""

    name: str
    size: int | None
    kind: FileKind = FileKind.UNKNOWN

    def remark(self, *, sees: bool) -> str:
        """Size, whether it is an image, and why it cannot be attached. `sees`: the model accepts images."""
        if self.size is None:
            return _("folder")
        size = fmt.size(self.size)
        match self.kind:
            case FileKind.BINARY:
                words = _("{size}, neither text nor image")
            case FileKind.IMAGE if self.size > MOST_IMAGE:
                words = _("image, {size}, too large")
            case FileKind.IMAGE:
                words = _("image, {size}") if sees else _("image, {size}; this model sees none")
            case FileKind.DOCUMENT if self.size <= MOST_DOCUMENT:
                words = _("document, {size}")
            case _ if self.size > MOST:
                words = _("{size}, too large")
            case _:
                return size
        return words.format(size=size)


def typed_at(line: str, column: int) -> PartialPath | None:
    """The path that is being typed and ends at `column` of `line`."""
    found = _TYPED.search(line[:column])
    if found is None:
        return None
    return PartialPath(found["quoted"] if found["quoted"] is not None else found["plain"], found.start())


def completed_text(typed: PartialPath, name: FolderEntry) -> str:
    """The text that completes a typed path: a folder ends in a slash, a file is followed by a space."""
    path = typed.folder + name.name + ("/" if name.size is None else "")
    quoted = any(char.isspace() for char in path)
    if name.size is None:
        return f'@"{path}' if quoted else f"@{path}"
    return f'@"{path}" ' if quoted else f"@{path} "


def entries_in(folder: str, base: Path, clock: Callable[[], float] = time.monotonic) -> list[FolderEntry]:
    """Sorted entries of a folder, as the user wrote it; empty if it cannot be read. Blocks on the disk."""
    place = place_of(folder or ".", base)
    try:
        with os.scandir(place) as found:
            entries = [entry for entry, _n in zip(found, range(_MAX_ENTRIES), strict=False) if _plain(entry.name)]
            names = [name for entry in entries if (name := _name(entry)) is not None]
    except (OSError, ValueError):
        return []
    names.sort(key=lambda name: (name.name.startswith("."), fold(name.name), name.name))
    return list(_inspected(names, place, clock))


def _inspected(names: Iterable[FolderEntry], folder: Path, clock: Callable[[], float]) -> Iterator[FolderEntry]:
    """The entries with their kinds, until the time limit."""
    until = clock() + _INSPECT_SECONDS
    for name in names:
        yield replace(name, kind=_kind(folder / name.name)) if name.size and clock() < until else name


def _kind(path: Path) -> FileKind:
    try:
        # non-blocking: opening a FIFO or a kernel file may wait
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            head = os.read(handle, _HEAD)
        finally:
            os.close(handle)
        if media_type_of(head):
            return FileKind.IMAGE
        if may_be_document(head) and path.suffix.lower() in (".pdf", ".docx"):
            return FileKind.DOCUMENT
        getincrementaldecoder("utf-8")().decode(head, final=len(head) < _HEAD)
    except OSError:
        return FileKind.UNKNOWN
    except UnicodeDecodeError:
        return FileKind.BINARY
    return FileKind.BINARY if b"\0" in head else FileKind.TEXT


def _name(entry: os.DirEntry[str]) -> FolderEntry | None:
    try:
        if entry.is_dir():
            return FolderEntry(entry.name, None)
        return FolderEntry(entry.name, entry.stat().st_size) if entry.is_file() else None
    except OSError:
        return None


def _plain(name: str) -> bool:
    """Whether a name can be shown and typed."""
    return sanitize_line(name) == name and '"' not in name


def matching(names: Iterable[FolderEntry], beginning: str) -> list[FolderEntry]:
    """Entries that begin with `beginning`, then those that contain it; hidden ones only if it begins with a dot."""
    wanted = fold(beginning)
    first: list[FolderEntry] = []
    others: list[FolderEntry] = []
    for name in names:
        at = fold(name.name).find(wanted)
        if at >= 0 and (beginning.startswith(".") or not name.name.startswith(".")):
            (others if at else first).append(name)
    return first + others
