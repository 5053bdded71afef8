"""Export and import of conversations, one at a time, so that memory use does not grow with their number."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, TextIO

from holytui.errors import StoreError, TransferError
from holytui.formatting import size as size_text
from holytui.hints import sentences
from holytui.i18n import _
from holytui.paths import private_text
from holytui.store.history import History, ImportSession
from holytui.store.transfer import chatgpt, native
from holytui.store.transfer.html import write_page
from holytui.store.transfer.json_stream import LONGEST, BrokenEntry, EntryTooLong, entries
from holytui.store.transfer.markdown import write_markdown
from holytui.store.values import Bundle, OmittedPart
from holytui.text import sanitize_line

_UPPER_CONTROLS = re.compile("[\x7f-\x9f]")
_ARCHIVE_MEMBER = "conversations.json"  # what ChatGPT's export is called inside its archive
_MAX_UNPACKED, _MAX_RATIO = 64 << 20, 100
"""Limits of an unpacked archive: bytes, or multiple of its packed size (text shrinks to a third to a twentieth)."""
_LONGEST_NAME = 200
_MAX_REPORTED = 100
"""Broken entries that are reported one by one."""
_MAX_BROKEN_RUN = 1000
"""Broken entries in a row after which an import is given up."""
_CHECK_SHARE = 0.1
"""Share of an import's progress for the check of the file's syntax."""


class Format(StrEnum):
    """Export formats. `JSON` and `JSONL` keep everything, the others the shown branch."""

    MARKDOWN = "md"
    JSON = "json"
    JSONL = "jsonl"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts and messages of an import."""

    entries: int
    """Conversations read, including broken ones."""
    conversations: int
    """New conversations."""
    messages: int
    """New messages."""
    skipped: tuple[str, ...]
    """A sentence for each broken entry, up to a limit."""
    share: float = field(default=0.0, compare=False)
    """Progress through the file, 0 to 1."""
    broken: int = 0
    """Number of broken entries."""
    notes: tuple[str, ...] = ()
    """A sentence for each entry that was imported in part."""
    left_out: Mapping[OmittedPart, int] = field(default_factory=dict, compare=False)
    """Number of omitted parts of other programs' conversations, by kind."""


Progress = Callable[[ImportReport], None]
Share = Callable[[], float]


def export(history: History, conversation_ids: Iterable[str], form: Format, out: TextIO) -> int:
    """Write conversations to `out`, in order; return their number. Raises TransferError, StoreError, OSError."""
    found = _bundles(history, conversation_ids, images=form is not Format.MARKDOWN)
    match form:
        case Format.MARKDOWN:
            return write_markdown(found, out)
        case Format.HTML:
            return write_page(found, out)
        case Format.JSONL:
            return _write_json(found, out, "", "", "", end="\n")
        case Format.JSON:
            return _write_json(found, out, "[\n", ",\n", "\n]\n", end="")


def export_file(history: History, conversation_ids: Iterable[str], form: Format, path: Path) -> int:
    """`export` to a file with mode 0600, replaced atomically; devices and pipes are written directly.

    Raises TransferError, StoreError; an existing file is then unchanged.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as out:
                return export(history, conversation_ids, form, out)
        with private_text(path.resolve()) as out:
            return export(history, conversation_ids, form, out)
    except OSError as exc:
        raise TransferError(
            _("{file} cannot be written: {reason}").format(file=path, reason=exc.strerror or exc),
            _("Nothing was exported."),
        ) from exc


def _bundles(history: History, conversation_ids: Iterable[str], *, images: bool) -> Iterator[Bundle]:
    for conversation_id in conversation_ids:
        found = history.bundle(conversation_id, images=images)
        if found is None:
            raise TransferError(_("There is no conversation {id}").format(id=sanitize_line(conversation_id)))
        yield found


def _write_json(found: Iterator[Bundle], out: TextIO, before: str, between: str, after: str, *, end: str) -> int:
    count = 0
    out.write(before)
    for bundle in found:
        out.write(between if count else "")
        value = native.to_json(bundle)
        if bundle.image_data:  # in pieces: beside an emoji, a text made whole has four bytes for each character
            out.writelines(map(_escape_controls, json.JSONEncoder(ensure_ascii=False).iterencode(value)))
        else:
            out.write(_escape_controls(json.dumps(value, ensure_ascii=False)))
        out.write(end)
        count += 1
    out.write(after)
    return count


def _escape_controls(written: str) -> str:
    """Escape the C1 controls that JSON allows and terminals obey; the value stays the same."""
    return _UPPER_CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", written)


def import_file(history: History, path: Path, progress: Progress | None = None) -> ImportReport:
    """Import a file: our JSON or JSON lines, or ChatGPT's `conversations.json`, also in its archive.

    All of it is added, or nothing; a second import adds nothing twice. Raises TransferError for an unreadable file, one
    without conversations, or a history that cannot be written.
    """
    try:
        with _opened(path) as (stream, share):
            done = import_from(history, stream, progress, share)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise TransferError(
            _("{file} cannot be read: {reason}").format(file=path, reason=sanitize_line(reason)),
            _("Nothing was imported."),
        ) from exc
    if done.entries == done.broken:
        raise TransferError(
            _("{file} contains no conversation in a known format").format(file=path),
            done.skipped[0] if done.skipped else _("It is empty."),
        )
    return done


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TextIO, Share]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(_ARCHIVE_MEMBER)
            if info.file_size > max(_MAX_UNPACKED, _MAX_RATIO * info.compress_size):
                raise TransferError(
                    _("{file} is not an archive of conversations: it would unpack to {size}").format(
                        file=sanitize_line(str(path)), size=size_text(info.file_size)
                    ),
                    _("Nothing was imported."),
                )
            with archive.open(_ARCHIVE_MEMBER) as inside:
                yield _decoded(inside, info.file_size)
    else:
        with path.open("rb") as file:
            yield _decoded(file, path.stat().st_size)


def _decoded(raw: IO[bytes], size: int) -> tuple[TextIO, Share]:
    # a pipe has no size and cannot say where it is
    return io.TextIOWrapper(raw, "utf-8-sig", "replace"), lambda: min(1.0, raw.tell() / size) if size else 0.0


def import_from(
    history: History, stream: TextIO, progress: Progress | None = None, share: Share = lambda: 0.0
) -> ImportReport:
    """`import_file` for an open stream. Valid JSON that is not a conversation is skipped and reported.

    A seekable stream is checked to its end before anything is written. Raises TransferError.
    """
    progress = progress or (lambda _done: None)
    checked = 0.0
    if stream.seekable():
        start = stream.tell()
        for _number, _entry in _valid_entries(stream):
            progress(ImportReport(0, 0, 0, (), _CHECK_SHARE * share()))
        stream.seek(start)
        checked = _CHECK_SHARE
    try:
        with history.import_session() as session:
            return _imported(session, stream, progress, lambda: checked + (1 - checked) * share())
    except StoreError as error:
        raise TransferError(error.title, sentences(_("Nothing was imported."), error.hint)) from error


def _imported(session: ImportSession, stream: TextIO, progress: Progress, share: Share) -> ImportReport:
    done, row = ImportReport(0, 0, 0, ()), 0
    for number, entry in _valid_entries(stream):
        before = done.broken
        done = replace(_add_entry(session, done, entry, number), share=share())
        row = row + 1 if done.broken > before else 0
        progress(done)
        if row >= _MAX_BROKEN_RUN:
            title = _("{count} entries in a row are not conversations").format(count=row)
            raise TransferError(title, _("Nothing was imported."))
    return done


def _valid_entries(stream: TextIO) -> Iterator[tuple[int, object]]:
    """Yield numbered entries. Raises TransferError at one that is not JSON, or too long."""
    try:
        for number, entry in enumerate(entries(stream), 1):
            if isinstance(entry, BrokenEntry):
                title = _("Entry {number} of the file is not JSON ({reason})")
                title = title.format(number=number, reason=sanitize_line(str(entry)))
                raise TransferError(title, _("Nothing was imported."))
            yield number, entry
    except EntryTooLong as exc:
        title = _("An entry is longer than {count} million characters").format(count=LONGEST >> 20)
        raise TransferError(title, _("Nothing was imported.")) from exc


def _add_entry(session: ImportSession, done: ImportReport, entry: object, number: int) -> ImportReport:
    """Import one entry; return `done` with its counts."""
    try:
        bundle = _bundle(entry)
        added = session.add(bundle)
    except TransferError as error:
        sentence = (f"{_entry_name(entry, number)}: {error}",) if done.broken < _MAX_REPORTED else ()
        return replace(
            done,
            entries=number,
            broken=done.broken + 1,
            skipped=(*done.skipped, *sentence) if sentence else done.skipped,
        )
    notes = (
        tuple(f"{_entry_name(entry, number)}: {note}" for note in bundle.notes)
        if len(done.notes) < _MAX_REPORTED
        else ()
    )
    return replace(
        done,
        entries=number,
        conversations=done.conversations + added.conversations,
        messages=done.messages + added.messages,
        notes=(*done.notes, *notes) if notes else done.notes,
        left_out=Counter(done.left_out) + Counter(bundle.left_out) if bundle.left_out else done.left_out,
    )


def _bundle(entry: object) -> Bundle:
    if not isinstance(entry, dict):
        raise TransferError(_("It is not a conversation in a known format"))
    return chatgpt.from_json(entry) if "mapping" in entry else native.from_json(entry)


def _entry_name(entry: object, number: int) -> str:
    found = entry.get("title") if isinstance(entry, dict) else None
    title = sanitize_line(found[:_LONGEST_NAME]) if isinstance(found, str) else ""
    if title:
        return _("Entry {number} ({title})").format(number=number, title=title)
    return _("Entry {number}").format(number=number)
