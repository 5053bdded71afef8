"""`@path` in a question: which text files are meant, what is offered while one is typed, and how they are sent."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from holytui.errors import NotAttached
from holytui.i18n import _
from holytui.text import fold, sanitize_line
from holytui.ui import format as fmt

MOST = 1_000_000
"""Bytes of a file that can be attached."""
_MOST_NAMES = 5_000
_MENTION = re.compile(r'(?<!\S)@(?:"(?P<quoted>[^"\n]+)"|(?P<plain>[^\s"]\S*))')
_TYPED = re.compile(r'(?<!\S)@(?:"(?P<quoted>[^"\n]*)|(?P<plain>[^\s"]*))\Z')
_AFTER = ",.;:!?)]}”’'"
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_-]{1,12}\Z")
_TICKS = re.compile("`+")


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

    @property
    def remark(self) -> str:
        """Its size, and whether it is too large."""
        if self.size is None:
            return _("folder")
        size = fmt.size(self.size)
        return size if self.size <= MOST else _("{size}, too large").format(size=size)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file's text under the name that the user wrote."""

    path: str
    text: str


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


def names_in(folder: str, base: Path) -> list[Name]:
    """What is in a folder that the user wrote, in order. Blocks on the disk; a folder that cannot be read is empty."""
    try:
        with os.scandir(_place(folder or ".", base)) as found:
            entries = [entry for entry, _n in zip(found, range(_MOST_NAMES), strict=False) if _plain(entry.name)]
            names = [name for entry in entries if (name := _name(entry)) is not None]
    except (OSError, ValueError):
        return []
    return sorted(names, key=lambda name: (name.name.startswith("."), fold(name.name), name.name))


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
    shown = [name for name in names if beginning.startswith(".") or not name.name.startswith(".")]
    first = [name for name in shown if fold(name.name).startswith(wanted)]
    return first + [name for name in shown if wanted in fold(name.name) and name not in first]


def mentions(text: str) -> list[str]:
    """The paths that a question names, each once."""
    return list(dict.fromkeys(found["quoted"] or found["plain"] for found in _MENTION.finditer(text)))


def gather(paths: Sequence[str], base: Path) -> tuple[list[Attachment], list[str]]:
    """The files among `paths`, and the paths at which there is nothing. Blocks on the disk. Raises NotAttached."""
    found, missing = [], []
    for path in paths:
        for spelled in dict.fromkeys((path, path.rstrip(_AFTER))):
            if spelled and (attachment := read(spelled, base)) is not None:
                found.append(attachment)
                break
        else:
            missing.append(path)
    return found, missing


def surely_paths(missing: Sequence[str]) -> list[str]:
    """Those that can hardly be anything else: `@a/b` or `@a.py`, but not `@property`."""
    return [path for path in missing if re.search(r"[^/]/[^/]|\w\.\w", path)]


def read(path: str, base: Path) -> Attachment | None:
    """The text file at `path`; None if there is nothing. Blocks on the disk. Raises NotAttached, with the reason."""
    place = _place(path, base)
    try:
        status = place.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _refused(path, _("it is a folder"))
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, _("it is no ordinary file"))
        with place.open("rb") as file:
            data = file.read(MOST + 1)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    if len(data) > MOST:
        raise _refused(path, _("it has {size}, and at most 1 MB can be sent").format(size=fmt.size(status.st_size)))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path, _("it is no text in UTF-8")) from error
    if "\0" in text:
        raise _refused(path, _("it is no text in UTF-8"))
    return Attachment(path, text)


def _place(path: str, base: Path) -> Path:
    return base / os.path.expanduser(path)  # noqa: PTH111 - unlike Path.expanduser, it leaves an unknown ~user as it is


def _refused(path: str, reason: str) -> NotAttached:
    title = _("{path} cannot be attached: {reason}").format(path=sanitize_line(path), reason=sanitize_line(reason))
    return NotAttached(title, _("Nothing was sent"))


def with_files(question: str, files: Sequence[Attachment]) -> str:
    """The question, then each file under its name in a fence that nothing in it can end."""
    return "\n\n".join([question.rstrip() if files else question, *(_block(file) for file in files)])


def _block(file: Attachment) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(file.text)), default=0))
    suffix = Path(file.path).suffix.removeprefix(".")
    language = suffix if _LANGUAGE.match(suffix) else ""
    end = "" if file.text.endswith("\n") or not file.text else "\n"
    return f"{sanitize_line(file.path)}:\n\n{fence}{language}\n{file.text}{end}{fence}"
