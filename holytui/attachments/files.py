"""`@path` in a question: the files it names, and their contents."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holytui import formatting as fmt
from holytui import images
from holytui.attachments.documents import (
    MOST_DOCUMENT,
    DocumentReader,
    DocumentUnreadableError,
    kind_of,
    may_be_document,
)
from holytui.attachments.folders import FolderContents, FolderPath, FolderReader, TooManyEntriesError
from holytui.errors import NotAttached
from holytui.hints import sentences
from holytui.i18n import _
from holytui.models import Image
from holytui.text import sanitize_line

MOST = 1_000_000
"""Most bytes of a text file, or of the text of a document."""
MOST_IMAGE = 10_000_000
"""Most bytes of an image. Some servers accept less, and report it themselves."""
MENTION = re.compile(r'(?<!\S)@(?:"(?P<quoted>[^"\n]+)"|(?P<plain>[^\s"]\S*))')
_TRAILING = ",.;:!?)]}”’'"
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_-]{1,12}\Z")
_TICKS = re.compile("`+")
_DOCUMENT_SUFFIXES = (".pdf", ".docx")


@dataclass(frozen=True, slots=True)
class Attachment:
    """The text of a file, or of a document, with the path as written."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file."""

    image: Image
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file that the user chose: the path as written, and its absolute path then."""

    path: str
    place: str

    @classmethod
    def at(cls, path: str, base: Path) -> Chosen:
        """Create one from a path as written, relative to `base`."""
        place = place_of(path, base)
        try:
            return cls(path, os.path.abspath(place))  # noqa: PTH100 - Path.absolute keeps `..`
        except OSError:  # the working directory was removed
            return cls(path, str(place))

    def spellings(self) -> Iterator[tuple[str, Path]]:
        """Yield the possible paths: the path itself, and without the punctuation that ends a sentence."""
        if self.path.endswith("/."):  # the end of a sentence, which the absolute path does not have
            yield self.path[:-1], Path(self.place)
            return
        for spelled in _spellings(self.path):
            stop = self.path[len(spelled) :]
            if self.place.endswith(stop):
                yield spelled, Path(self.place.removesuffix(stop))


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of a question: texts, images, and paths without a file.

    `left_out` has a line for each folder of which files are left out.
    """

    files: tuple[Attachment, ...] = ()
    pictures: tuple[Picture, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The images without their bytes."""
        return tuple(picture.image for picture in self.pictures)

    @property
    def image_data(self) -> dict[str, bytes]:
        """The bytes of the images, by digest."""
        return {picture.image.digest: picture.data for picture in self.pictures}


def mentions(text: str) -> list[str]:
    """Return the paths that a question names, each once."""
    return list(dict.fromkeys(match["quoted"] or match["plain"] for match in MENTION.finditer(text)))


def _spellings(path: str) -> list[str]:
    """Return the possible paths: `path` itself, and without the punctuation that ends a sentence."""
    return [spelled for spelled in dict.fromkeys((path, path.rstrip(_TRAILING))) if spelled]


def gather(chosen: Sequence[Chosen]) -> Gathered:
    """Read the chosen files, and the text files of chosen folders. Blocks on the disk. Raises NotAttached."""
    files: list[Attachment] = []
    pictures: list[Picture] = []
    missing: list[str] = []
    left_out: list[str] = []
    folders = folder_reader(chosen)
    for choice in chosen:
        match next(
            (file for spelled in choice.spellings() if (file := _read_any(*spelled, folders)) is not None), None
        ):
            case Attachment() as file:
                files.append(file)
            case Picture() as picture:
                pictures.append(picture)
            case FolderContents() as folder:
                files += [Attachment(file.path, file.text) for file in folder.files]
                if folder.omission:
                    left_out.append(f"{choice.path}: {folder.omission}")
            case None:
                missing.append(choice.path)
    return Gathered(tuple(files), tuple(pictures), tuple(missing), tuple(left_out))


def folder_reader(chosen: Sequence[Chosen]) -> FolderReader:
    """Return the reader for the folders of a question, which reads no file that is chosen by its own name."""
    folders = FolderReader()
    for choice in chosen:
        for _spelled, place in choice.spellings():
            folders.exclude(place)
    return folders


def _read_any(path: str, place: Path, folders: FolderReader) -> Attachment | Picture | FolderContents | None:
    folder = FolderPath.parse(path, place)
    if folder is None:
        return read(path, place)
    # a name may have the characters of a pattern, and a path that ends in a slash names no file
    return (read(path, place) if folder.is_pattern else None) or read_folder(path, folder, folders)


def read_folder(path: str, folder: FolderPath, folders: FolderReader) -> FolderContents | None:
    """Read the text files of a folder or pattern; None if there is none. Blocks on the disk. Raises NotAttached."""
    try:
        contents = folders.read(folder)
    except TooManyEntriesError as error:
        raise _refused(path, _("it has too many files")) from error
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    if contents is not None and not contents.files:
        reason = _("it has no text files that can be sent")
        raise _refused(path, f"{reason} · {contents.omission}" if contents.omission else reason)
    return contents


def carried(path: str, text: str, shown: Sequence[Image]) -> bool:
    """Return whether an earlier question that is asked again already has the file of a path.

    Its text contains the text files, and `shown` are its images, both as they were sent.
    """
    names = {image.name for image in shown}
    return any(
        f"\n\n{_heading(spelled)}```" in text or images.plain_name(spelled) in names or _folder_carried(spelled, text)
        for spelled in _spellings(path)
    )


def _folder_carried(path: str, text: str) -> bool:
    """Return whether a question has the text of a file of this folder or pattern."""
    folder = FolderPath.parse(path, Path("/", path)) if "```" in text else None
    if folder is None:
        return False
    headings = re.finditer(rf"\n\n{re.escape(sanitize_line(folder.written))}(?P<rest>[^\n]+):\n\n```", text)
    return any(folder.pattern.matches(found["rest"].split("/")) for found in headings)


def still_named(shown: Sequence[Image], before: str, now: str) -> list[Image]:
    """Return the images that a question keeps after an edit: without those whose `@path` was removed."""
    names_before, names_now = _names_in(before), _names_in(now)
    return [image for image in shown if image.name in names_now or image.name not in names_before]


def _names_in(text: str) -> set[str]:
    return {images.plain_name(spelled) for path in mentions(text) for spelled in _spellings(path)}


def surely_paths(missing: Sequence[str]) -> list[str]:
    """Return the paths that cannot be anything else: `@a/b` or `@a.py`, but not `@property`."""
    return [path for path in missing if re.search(r"[^/]/[^/]|\w\.\w", path)]


def read(path: str, place: Path) -> Attachment | Picture | None:
    """Read the text file or image at `place`, named `path`; None if there is none. Blocks on the disk.

    Raises NotAttached with the reason.
    """
    try:
        status = place.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _refused(path, _("it is a folder; {path}/ attaches the text files in it").format(path=path))
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, _("it is not a regular file"))
        with place.open("rb") as file:
            data = file.read(MOST + 1)
            is_image = bool(images.media_type_of(data))
            if is_image:
                data += file.read(MOST_IMAGE + 1 - len(data))
            elif may_be_document(data):
                data += file.read(MOST_DOCUMENT + 1 - len(data))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
        raise _refused(path, error.strerror or str(error)) from error
    if is_image:
        return _picture(path, data, status.st_size)
    return _document(path, data, status.st_size) or _text(path, data, status.st_size)


def _picture(path: str, data: bytes, size: int) -> Picture:
    if len(data) > MOST_IMAGE:
        words = _("it is an image of {size}; at most 10 MB can be sent")
        raise _refused(path, words.format(size=fmt.size(size)))
    image = images.image_of(path, data)
    if image is None:
        raise _refused(path, _("it is a damaged image"))
    return Picture(image, data)


def _document(path: str, data: bytes, size: int) -> Attachment | None:
    """Return the text of a document; None for any other file."""
    if not may_be_document(data):
        return None
    if len(data) > MOST_DOCUMENT:
        raise _refused(path, _("it has {size}; at most 20 MB can be read").format(size=fmt.size(size)))
    kind = kind_of(data)
    if kind is None:
        return None
    try:
        return Attachment(path, DocumentReader(MOST).text(kind, data))
    except DocumentUnreadableError as error:
        raise _refused(path, error.reason, error.hint) from error


def _text(path: str, data: bytes, size: int) -> Attachment:
    if len(data) > MOST:
        raise _refused(path, _("it has {size}; at most 1 MB can be sent").format(size=fmt.size(size)))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unsupported(path) from error
    if "\0" in text:
        raise _unsupported(path)
    return Attachment(path, text)


def _unsupported(path: str) -> NotAttached:
    return _refused(path, _("it is neither UTF-8 text nor an image (PNG, JPEG, GIF, WebP), PDF or DOCX"))


def place_of(path: str, base: Path) -> Path:
    """Resolve a path as written by the user."""
    return base / os.path.expanduser(path)  # noqa: PTH111 - unlike Path.expanduser, it leaves an unknown ~user as it is


def _refused(path: str, reason: str, hint: str = "") -> NotAttached:
    title = _("{path} cannot be attached: {reason}").format(path=sanitize_line(path), reason=sanitize_line(reason))
    return NotAttached(title, sentences(_("Nothing was sent"), hint) if hint else _("Nothing was sent"))


def with_files(question: str, files: Sequence[Attachment]) -> str:
    """Return the question followed by each file, named and in a fence that its text cannot close."""
    return "\n\n".join([question.rstrip() if files else question, *(_block(file) for file in files)])


def _block(file: Attachment) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(file.text)), default=0))
    suffix = Path(file.path).suffix
    language = suffix[1:] if _LANGUAGE.match(suffix[1:]) and suffix.lower() not in _DOCUMENT_SUFFIXES else ""
    end = "" if file.text.endswith("\n") or not file.text else "\n"
    return f"{_heading(file.path)}{fence}{language}\n{file.text}{end}{fence}"


def _heading(path: str) -> str:
    """Return the text before the fence of a file."""
    return f"{sanitize_line(path)}:\n\n"
