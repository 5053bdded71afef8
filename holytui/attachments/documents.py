"""The text of PDF and Word (DOCX) files. PDF needs the extra `holytui[documents]`.

Parsers are imported when they are used, as this module is imported before the first paint. The files are not trusted:
what is unpacked, the pages, the text and the time are limited.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import IO, TYPE_CHECKING

from holytui import formatting as fmt
from holytui.i18n import _

if TYPE_CHECKING:
    import pypdf

MOST_DOCUMENT = 20_000_000
"""Most bytes of a document file."""
MOST_PAGES = 1_000
"""Most pages of a PDF."""
_MOST_UNPACKED = 30_000_000
"""Most bytes of the unpacked text part of a Word file."""
_SECONDS = 20.0
"""Seconds for one document."""
_WORD_PART = "word/document.xml"
_BLOCK = 65_536


class DocumentKind(Enum):
    """The kind of a document."""

    PDF = auto()
    WORD = auto()


class DocumentUnreadableError(Exception):
    """A document has no text to send: `reason` for the user, and a `hint` if something helps."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def may_be_document(head: bytes) -> bool:
    """Return whether a file that begins with `head` may be a document."""
    return head.startswith((b"%PDF-", b"PK\x03\x04"))


def kind_of(data: bytes) -> DocumentKind | None:
    """Return the kind of a document by its bytes; None for any other file."""
    if data.startswith(b"%PDF-"):
        return DocumentKind.PDF
    if not data.startswith(b"PK\x03\x04"):
        return None
    import struct
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.getinfo(_WORD_PART)
    except (KeyError, ValueError, OSError, NotImplementedError, struct.error, zipfile.BadZipFile):
        return None
    return DocumentKind.WORD


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """Extracts text, at most `limit` bytes of UTF-8."""

    limit: int
    clock: Callable[[], float] = time.monotonic

    def text(self, kind: DocumentKind, data: bytes) -> str:
        """Return the text. Raises DocumentUnreadableError. May take seconds."""
        until = self.clock() + _SECONDS
        match kind:
            case DocumentKind.PDF:
                text = self._pdf(data, until)
            case DocumentKind.WORD:
                text = self._word(data, until)
        text = text.replace("\0", "").encode("utf-8", "replace").decode()  # a PDF may yield lone surrogates
        if not text.strip():
            scanned = _("it has no text; the pages of a scanned document are images")
            raise DocumentUnreadableError(scanned if kind is DocumentKind.PDF else _("it has no text"))
        self._check_size(len(text.encode()))
        return text

    def _check_size(self, size: int) -> None:
        if size > self.limit:
            raise DocumentUnreadableError(_("it has more text than the 1 MB that can be sent"))

    def _check_time(self, until: float) -> None:
        if self.clock() > until:
            raise DocumentUnreadableError(_("its text could not be read in {time}").format(time=fmt.seconds(_SECONDS)))

    def _pdf(self, data: bytes, until: float) -> str:
        try:
            import pypdf
        except ImportError as error:
            raise DocumentUnreadableError(
                _("PDF files need the package pypdf"),
                _('Install it with holytui: pip install "holytui[documents]"'),
            ) from error
        logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # its messages would appear on the screen
        try:
            return self._pdf_text(pypdf.PdfReader(io.BytesIO(data)), until)
        except DocumentUnreadableError:
            raise
        except Exception as error:  # it raises anything for a damaged file
            raise DocumentUnreadableError(_("it is a damaged PDF file")) from error

    def _pdf_text(self, reader: pypdf.PdfReader, until: float) -> str:
        if reader.is_encrypted and not self._opens_without_password(reader):
            raise DocumentUnreadableError(_("it is encrypted with a password"))
        count = len(reader.pages)
        if count > MOST_PAGES:
            words = _("it has {count} pages; at most {most} can be sent")
            raise DocumentUnreadableError(words.format(count=fmt.whole(count), most=fmt.whole(MOST_PAGES)))
        pages: list[str] = []
        size = 0
        for page in reader.pages:
            # called for each operator, so that a single page cannot take for ever
            text = page.extract_text(visitor_operand_before=lambda *_: self._check_time(until))
            self._check_time(until)
            size += len(text)
            self._check_size(size)
            pages.append(text.strip("\n"))
        return "\n\n".join(page for page in pages if page) + "\n"

    @staticmethod
    def _opens_without_password(reader: pypdf.PdfReader) -> bool:
        from pypdf.errors import DependencyError

        try:
            return bool(reader.decrypt(""))
        except (DependencyError, NotImplementedError):  # a cipher that needs another package
            return False

    def _word(self, data: bytes, until: float) -> str:
        import zipfile

        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entry = archive.getinfo(_WORD_PART)
                # Word uses no other methods, and they unpack without a limit
                if entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    with archive.open(entry) as part:
                        return self._word_text(part, until)
        except DocumentUnreadableError:
            raise
        except Exception as error:  # zipfile and the decompressor raise many kinds for a damaged file
            raise DocumentUnreadableError(_("it is a damaged Word file")) from error
        raise DocumentUnreadableError(_("it is a damaged Word file"))

    def _word_text(self, part: IO[bytes], until: float) -> str:
        from holytui.attachments.word_text import WordText

        words = WordText()
        unpacked = 0
        while block := part.read(_BLOCK):
            unpacked += len(block)
            if unpacked > _MOST_UNPACKED:
                size = fmt.size(_MOST_UNPACKED)
                raise DocumentUnreadableError(_("it is more than {size} when unpacked").format(size=size))
            words.feed(block)
            self._check_size(words.length)
            self._check_time(until)
        return words.close()
