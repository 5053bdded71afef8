"""The text files of a folder (`@src/`) or of a pattern (`@src/**/*.py`)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from holytui import formatting as fmt
from holytui.attachments.patterns import IgnoreRules, PathPattern, has_magic
from holytui.i18n import _, ngettext
from holytui.text import sanitize_line

MOST_FILES = 200
"""Most files that the folders and patterns of a question attach."""
MOST_TOTAL = 1_000_000
"""Most bytes of these files together."""
_MOST_SCANNED = 20_000
"""Most entries that are looked at."""
_HEAD = 8192
"""Bytes read to find out whether a file is text."""
_NAMED = 3
"""Files that are named of those left out."""
_BYTES_PER_TOKEN = 4
"""A rough mean of English text and code."""


class TooManyEntriesError(Exception):
    """A folder has more entries than are looked at."""


@dataclass(frozen=True, slots=True)
class FolderPath:
    """A folder, or a pattern in it: the folder as written, its absolute path, and the pattern."""

    written: str
    place: Path
    pattern: PathPattern
    is_pattern: bool

    @classmethod
    def parse(cls, path: str, place: Path) -> FolderPath | None:
        """Parse a path that ends in a slash or has wildcards; None for any other. `place` is its absolute path."""
        names = path.split("/")
        first = next((index for index, name in enumerate(names) if has_magic(name)), len(names) - 1)
        pattern = [name for name in names[first:] if name]
        is_pattern = has_magic(names[first])
        if not (is_pattern or path.endswith("/")) or "." in pattern or ".." in pattern:
            return None
        folder = place.parents[len(pattern) - 1] if pattern else place
        written = "".join(f"{name}/" for name in names[:first])
        return cls(
            written, folder, PathPattern.of([*pattern, "**", "*"] if path.endswith("/") else pattern), is_pattern
        )

    def exists(self) -> bool:
        """Return whether there is such a folder, without looking for matches. Blocks on the disk."""
        try:
            return self.place.is_dir()
        except (OSError, ValueError):
            return False


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A text file of a folder: its path as the user would write it, and its text."""

    path: str
    text: str = field(repr=False)
    size: int


@dataclass(frozen=True, slots=True)
class FolderContents:
    """The text files of a folder that are sent, and those that are left out, each with the reason."""

    files: Sequence[FolderFile] = ()
    left_out: Sequence[tuple[str, str]] = ()

    @property
    def words(self) -> str:
        """The number of files, and their size in bytes and tokens."""
        total = sum(file.size for file in self.files)
        files = ngettext("{count} file", "{count} files", len(self.files)).format(count=len(self.files))
        tokens = _("about {count} tokens").format(count=fmt.count(-(-total // _BYTES_PER_TOKEN)))
        return " · ".join((files, fmt.size(total), tokens))

    @property
    def omission(self) -> str:
        """A line that names files that are left out; empty if there are none."""
        if not self.left_out:
            return ""
        named = [f"{sanitize_line(path)} ({reason})" for path, reason in self.left_out[:_NAMED]]
        more = len(self.left_out) - len(named)
        if more:
            named.append(ngettext("{count} more", "{count} more", more).format(count=more))
        return _("left out: {names}").format(names=", ".join(named))


class FolderReader:
    """Reads the folders of one question; they share the limits, and no file is read twice."""

    def __init__(self) -> None:
        self._count = 0
        self._total = 0
        self._seen: set[str] = set()

    def exclude(self, place: Path) -> None:
        """Do not read a file, which is attached by its own name."""
        with suppress(OSError):  # the working directory was removed, and with it the file
            self._seen.add(os.path.abspath(place))  # noqa: PTH100 - Path.absolute keeps `..`

    def read(self, folder: FolderPath) -> FolderContents | None:
        """Read the text files; None if there is no such folder, or no file matches. Blocks on the disk.

        Hidden files, links, and files that Git ignores do not count. Raises OSError for a folder that cannot be read,
        and TooManyEntriesError.
        """
        if not folder.exists():
            return None
        files: list[FolderFile] = []
        left_out: list[tuple[str, str]] = []
        for place in _walk(folder):
            path = folder.written + place.relative_to(folder.place).as_posix()
            if str(place) in self._seen:
                continue
            match self._read(place):
                case str() as reason:
                    left_out.append((path, reason))
                case bytes() as data:
                    self._seen.add(str(place))
                    self._count += 1
                    self._total += len(data)
                    files.append(FolderFile(path, data.decode("utf-8-sig"), len(data)))
        if folder.is_pattern and not files and not left_out:
            return None
        return FolderContents(files, left_out)

    def _read(self, place: Path) -> bytes | str:
        """Return the bytes of a text file, or the reason why it is left out."""
        try:
            # non-blocking and without following: the file may have been replaced by a FIFO or a link
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(handle, "rb") as file:  # noqa: PTH123 - of a descriptor
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode):
                    return _("not text")
                size = status.st_size
                data = file.read(_HEAD)
                if b"\0" in data or not _is_text(data, whole=len(data) < _HEAD):
                    return _("not text")
                if max(size, len(data)) > MOST_TOTAL:
                    return fmt.size(size)
                if self._count >= MOST_FILES:
                    return _("over {count} files").format(count=MOST_FILES)
                data += file.read(MOST_TOTAL - self._total + 1)
        except OSError as error:
            return error.strerror or str(error)
        if self._total + len(data) > MOST_TOTAL:
            return _("over 1 MB in all")
        return data if b"\0" not in data and _is_text(data, whole=True) else _("not text")


def _is_text(data: bytes, *, whole: bool) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return not whole and error.start >= len(data) - 3 and error.reason == "unexpected end of data"
    return True


def _walk(folder: FolderPath) -> Iterator[Path]:
    """Yield the files that match: those of a folder before those of its subfolders, both sorted."""
    depth = folder.pattern.depth
    scanned = 0
    waiting = [(folder.place, IgnoreRules.above(folder.place))]
    while waiting:
        place, above = waiting.pop()
        rules = above.within(place)
        subfolders: list[Path] = []
        files: list[Path] = []
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    scanned += 1
                    if scanned > _MOST_SCANNED:
                        raise TooManyEntriesError
                    _sort_in(entry, Path(entry.path), rules, subfolders, files)
        except OSError:  # a subfolder that cannot be read counts as empty
            if place == folder.place:
                raise
        yield from (file for file in sorted(files) if folder.pattern.matches(file.relative_to(folder.place).parts))
        if depth is None or len(place.relative_to(folder.place).parts) + 1 < depth:
            waiting += [(each, rules) for each in sorted(subfolders, reverse=True)]


def _sort_in(
    entry: os.DirEntry[str], place: Path, rules: IgnoreRules, subfolders: list[Path], files: list[Path]
) -> None:
    """Add an entry to its kind unless it is hidden, a link, special, or ignored."""
    if entry.name.startswith(".") or entry.is_symlink():
        return
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode):
        if not rules.ignores(place, is_folder=True):
            subfolders.append(place)
    elif stat.S_ISREG(mode) and not rules.ignores(place, is_folder=False):
        files.append(place)
