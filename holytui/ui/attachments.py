"""`@path` in a question: which files are meant, and what is sent of them."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holytui import images
from holytui.errors import NotAttached
from holytui.i18n import _
from holytui.models import Image
from holytui.text import sanitize_line
from holytui.ui import format as fmt

MOST = 1_000_000
"""Bytes of a text file that can be attached."""
MOST_IMAGE = 10_000_000
"""Bytes of an image that can be attached. Some servers take less, and say so themselves."""
MENTION = re.compile(r'(?<!\S)@(?:"(?P<quoted>[^"\n]+)"|(?P<plain>[^\s"]\S*))')
_AFTER = ",.;:!?)]}”’'"
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_-]{1,12}\Z")
_TICKS = re.compile("`+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file's text under the name that the user wrote."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that is an image."""

    image: Image
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file that the user chose: the path as it was written, and where that led then."""

    path: str
    place: str

    @classmethod
    def at(cls, path: str, base: Path) -> Chosen:
        """From a path as it is written."""
        place = place_of(path, base)
        try:
            return cls(path, os.path.abspath(place))  # noqa: PTH100 - Path.absolute keeps `..`
        except OSError:  # the folder is gone, and nothing is there
            return cls(path, str(place))

    def spellings(self) -> Iterator[tuple[str, Path]]:
        """What may be meant by it: itself, or without the stop that ends the sentence."""
        for spelled in _spellings(self.path):
            stop = self.path[len(spelled) :]
            if self.place.endswith(stop):
                yield spelled, Path(self.place.removesuffix(stop))


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a question names: text files, images, and the paths at which there is nothing."""

    files: tuple[Attachment, ...] = ()
    pictures: tuple[Picture, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures without their bytes."""
        return tuple(picture.image for picture in self.pictures)

    @property
    def image_data(self) -> dict[str, bytes]:
        """The bytes of the pictures, by digest."""
        return {picture.image.digest: picture.data for picture in self.pictures}


def mentions(text: str) -> list[str]:
    """The paths that a question names, each once."""
    return list(dict.fromkeys(found["quoted"] or found["plain"] for found in MENTION.finditer(text)))


def _spellings(path: str) -> list[str]:
    """What may be meant by it: itself, or without the stop that ends the sentence."""
    return [spelled for spelled in dict.fromkeys((path, path.rstrip(_AFTER))) if spelled]


def gather(chosen: Sequence[Chosen]) -> Gathered:
    """What is at the places that were chosen. Blocks on the disk. Raises NotAttached."""
    files: list[Attachment] = []
    pictures: list[Picture] = []
    missing: list[str] = []
    for each in chosen:
        match next((found for spelled in each.spellings() if (found := read(*spelled)) is not None), None):
            case Attachment() as file:
                files.append(file)
            case Picture() as picture:
                pictures.append(picture)
            case None:
                missing.append(each.path)
    return Gathered(tuple(files), tuple(pictures), tuple(missing))


def carried(path: str, text: str, shown: Sequence[Image]) -> bool:
    """Whether nothing is to be read for a path: an earlier question that is put again carries its text files in its
    text, and its images `shown` beside it, as they were sent, whatever has become of the files."""
    known = {image.name for image in shown}
    return any(
        f"\n\n{_heading(spelled)}```" in text or images.plain_name(spelled) in known for spelled in _spellings(path)
    )


def still_named(shown: Sequence[Image], before: str, now: str) -> list[Image]:
    """The images that a question keeps when its text is changed: whoever takes out an `@path` takes out its image."""
    was, remains = _names_in(before), _names_in(now)
    return [image for image in shown if image.name in remains or image.name not in was]


def _names_in(text: str) -> set[str]:
    return {images.plain_name(spelled) for path in mentions(text) for spelled in _spellings(path)}


def surely_paths(missing: Sequence[str]) -> list[str]:
    """Those that can hardly be anything else: `@a/b` or `@a.py`, but not `@property`."""
    return [path for path in missing if re.search(r"[^/]/[^/]|\w\.\w", path)]


def read(path: str, place: Path) -> Attachment | Picture | None:
    """The text file or image at `place`, under the name `path`; None if there is nothing. Blocks on the disk. Raises
    NotAttached, with the reason."""
    try:
        status = place.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _refused(path, _("it is a folder"))
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, _("it is not a regular file"))
        with place.open("rb") as file:
            data = file.read(MOST + 1)
            is_image = bool(images.media_type_of(data))
            if is_image:
                data += file.read(MOST_IMAGE + 1 - len(data))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
        raise _refused(path, error.strerror or str(error)) from error
    if is_image:
        return _picture(path, data, status.st_size)
    if len(data) > MOST:
        raise _refused(path, _("it has {size}, and at most 1 MB can be sent").format(size=fmt.size(status.st_size)))
    return _text(path, data)


def _picture(path: str, data: bytes, size: int) -> Picture:
    if len(data) > MOST_IMAGE:
        words = _("it is an image of {size}, and at most 10 MB can be sent")
        raise _refused(path, words.format(size=fmt.size(size)))
    image = images.image_of(path, data)
    if image is None:
        raise _refused(path, _("it begins as an image, but is damaged"))
    return Picture(image, data)


def _text(path: str, data: bytes) -> Attachment:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_text(path) from error
    if "\0" in text:
        raise _no_text(path)
    return Attachment(path, text)


def _no_text(path: str) -> NotAttached:
    return _refused(path, _("it is neither UTF-8 text nor an image (PNG, JPEG, GIF, WebP)"))


def place_of(path: str, base: Path) -> Path:
    """Where a path that the user wrote leads."""
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
    return f"{_heading(file.path)}{fence}{language}\n{file.text}{end}{fence}"


def _heading(path: str) -> str:
    """What stands before a file's fence."""
    return f"{sanitize_line(path)}:\n\n"
