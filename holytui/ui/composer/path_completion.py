"""What a folder holds, as it is offered while an `@path` is typed: names, sizes, and what cannot be attached."""

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
from holytui.attachments.files import MOST, MOST_IMAGE, place_of
from holytui.i18n import _
from holytui.images import media_type_of
from holytui.text import fold, sanitize_line

_MOST_NAMES = 5_000
_PATIENCE = 0.2
"""Seconds for looking into the files of a folder; the rest of them goes without."""
_HEAD = 512
"""Bytes that tell what a file is."""
_TYPED = re.compile(r'(?<!\S)@(?:"(?P<quoted>[^"\n]*)|(?P<plain>[^\s"]*))\Z')


class Kind(Enum):
    """What a file is, by its first bytes."""

    UNKNOWN = auto()
    TEXT = auto()
    IMAGE = auto()
    BINARY = auto()


@dataclass(frozen=True, slots=True)
class Typed:
    """A path on its way: what stands after the `@`, and the column of the `@`."""

    path: str
    column: int

    @property
    def folder(self) -> str:
        """The part up to the last slash."""
        return self.path[: self.path.rfind("/") + 1]

    @property
    def beginning(self) -> str:
        """The part of the name that is typed already."""
        return self.path[self.path.rfind("/") + 1 :]


@dataclass(frozen=True, slots=True)
class Name:
    """A file, or a folder (`size` is None), that can be meant."""

    name: str
    size: int | None
    kind: Kind = Kind.UNKNOWN

    def remark(self, *, sees: bool) -> str:
        """Its size, whether it is an image, and why it cannot be attached; `sees`: the model can be sent images."""
        if self.size is None:
            return _("folder")
        size = fmt.size(self.size)
        match self.kind:
            case Kind.BINARY:
                words = _("{size}, neither text nor image")
            case Kind.IMAGE if self.size > MOST_IMAGE:
                words = _("image, {size}, too large")
            case Kind.IMAGE:
                words = _("image, {size}") if sees else _("image, {size}; this model sees none")
            case _ if self.size > MOST:
                words = _("{size}, too large")
            case _:
                return size
        return words.format(size=size)


def typed_at(line: str, column: int) -> Typed | None:
    """The path that is being typed and ends at `column` of `line`."""
    found = _TYPED.search(line[:column])
    if found is None:
        return None
    return Typed(found["quoted"] if found["quoted"] is not None else found["plain"], found.start())


def written(typed: Typed, name: Name) -> str:
    """What to write in place of what is typed: a folder can be gone on from, a file is followed by a space."""
    path = typed.folder + name.name + ("/" if name.size is None else "")
    quoted = any(char.isspace() for char in path)
    if name.size is None:
        return f'@"{path}' if quoted else f"@{path}"
    return f'@"{path}" ' if quoted else f"@{path} "


def names_in(folder: str, base: Path, clock: Callable[[], float] = time.monotonic) -> list[Name]:
    """What is in a folder that the user wrote, in order. Blocks on the disk; a folder that cannot be read is empty."""
    place = place_of(folder or ".", base)
    try:
        with os.scandir(place) as found:
            entries = [entry for entry, _n in zip(found, range(_MOST_NAMES), strict=False) if _plain(entry.name)]
            names = [name for entry in entries if (name := _name(entry)) is not None]
    except (OSError, ValueError):
        return []
    names.sort(key=lambda name: (name.name.startswith("."), fold(name.name), name.name))
    return list(_looked_into(names, place, clock))


def _looked_into(names: Iterable[Name], folder: Path, clock: Callable[[], float]) -> Iterator[Name]:
    """The names with their kinds, as far as the patience goes."""
    until = clock() + _PATIENCE
    for name in names:
        yield replace(name, kind=_kind(folder / name.name)) if name.size and clock() < until else name


def _kind(path: Path) -> Kind:
    try:
        # no file is waited for, not even one of the kernel's that looks like any other
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            head = os.read(handle, _HEAD)
        finally:
            os.close(handle)
        if media_type_of(head):
            return Kind.IMAGE
        getincrementaldecoder("utf-8")().decode(head, final=len(head) < _HEAD)
    except OSError:
        return Kind.UNKNOWN
    except UnicodeDecodeError:
        return Kind.BINARY
    return Kind.BINARY if b"\0" in head else Kind.TEXT


def _name(entry: os.DirEntry[str]) -> Name | None:
    try:
        if entry.is_dir():
            return Name(entry.name, None)
        return Name(entry.name, entry.stat().st_size) if entry.is_file() else None
    except OSError:
        return None


def _plain(name: str) -> bool:
    """A name that can be shown and typed."""
    return sanitize_line(name) == name and '"' not in name


def matching(names: Iterable[Name], beginning: str) -> list[Name]:
    """Those that begin so, then those that have it somewhere; hidden ones only when a point is typed."""
    wanted = fold(beginning)
    first: list[Name] = []
    others: list[Name] = []
    for name in names:
        at = fold(name.name).find(wanted)
        if at >= 0 and (beginning.startswith(".") or not name.name.startswith(".")):
            (others if at else first).append(name)
    return first + others
