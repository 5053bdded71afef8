"""Conversations out to files and in from files, one at a time, so that no size is too large."""

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
_ARCHIVED = "conversations.json"  # what ChatGPT's export is called inside its archive
_SMALL, _RATIO = 64 << 20, 100
"""An archive may unpack to so many bytes, or to so many times its size: text is packed to a third to a twentieth."""
_LONGEST_NAME = 200
_TOLD = 100
"""BrokenEntry entries that are named."""
_HOPELESS = 1000
"""BrokenEntry entries in a row after which the rest is not looked at."""
_CHECK = 0.1
"""Of the time of an import, about so much goes into reading the file to see whether it is whole."""


class Format(StrEnum):
    """What a conversation can be written as. `JSON` and `JSONL` keep everything, the others the shown branch."""

    MARKDOWN = "md"
    JSON = "json"
    JSONL = "jsonl"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    entries: int
    """Conversations read, the broken ones among them."""
    conversations: int
    """Of them, new here."""
    messages: int
    """New here."""
    skipped: tuple[str, ...]
    """A sentence for each that could not be read, of many for the first ones."""
    share: float = field(default=0.0, compare=False)
    """Of the file, read so far: 0 to 1."""
    broken: int = 0
    """How many could not be read."""
    notes: tuple[str, ...] = ()
    """A sentence for each of which a part was left out."""
    left_out: Mapping[OmittedPart, int] = field(default_factory=dict, compare=False)
    """What of other programs' conversations was left out, counted."""


Progress = Callable[[ImportReport], None]
Share = Callable[[], float]


def export(history: History, conversation_ids: Iterable[str], form: Format, out: TextIO) -> int:
    """Write conversations to `out`, in order; returns how many. Raises TransferError, StoreError, OSError."""
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
    """`export` to a file with mode 0600, whole or not at all; a device or pipe is written to as it is.

    Raises TransferError, StoreError; a file that was there is then as it was.
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
            out.writelines(map(_harmless, json.JSONEncoder(ensure_ascii=False).iterencode(value)))
        else:
            out.write(_harmless(json.dumps(value, ensure_ascii=False)))
        out.write(end)
        count += 1
    out.write(after)
    return count


def _harmless(written: str) -> str:
    """JSON with the controls that it allows, and a terminal obeys, written as escapes; it means the same."""
    return _UPPER_CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", written)


def import_file(history: History, path: Path, progress: Progress | None = None) -> ImportReport:
    """Add what a file holds: our JSON lines or JSON, or ChatGPT's `conversations.json`, also inside its archive.

    All of it is added, or nothing; importing again adds nothing twice. Raises TransferError when the file cannot be
    read to its end, when it holds nothing of the kind, or when the history cannot be written.
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
            _("{file} holds no conversation in a known format").format(file=path),
            done.skipped[0] if done.skipped else _("It is empty."),
        )
    return done


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TextIO, Share]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(_ARCHIVED)
            if info.file_size > max(_SMALL, _RATIO * info.compress_size):
                raise TransferError(
                    _("{file} is not an archive of conversations: it would unpack to {size}").format(
                        file=sanitize_line(str(path)), size=size_text(info.file_size)
                    ),
                    _("Nothing was imported."),
                )
            with archive.open(_ARCHIVED) as inside:
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
    """`import_file` from an open stream. Entries that are JSON but no conversations are skipped and named.

    A stream that can be read twice is checked before anything is written. Raises TransferError.
    """
    progress = progress or (lambda _done: None)
    checked = 0.0
    if stream.seekable():
        start = stream.tell()
        for _number, _entry in _whole_entries(stream):
            progress(ImportReport(0, 0, 0, (), _CHECK * share()))
        stream.seek(start)
        checked = _CHECK
    try:
        with history.import_session() as session:
            return _imported(session, stream, progress, lambda: checked + (1 - checked) * share())
    except StoreError as error:
        raise TransferError(error.title, sentences(_("Nothing was imported."), error.hint)) from error


def _imported(session: ImportSession, stream: TextIO, progress: Progress, share: Share) -> ImportReport:
    done, row = ImportReport(0, 0, 0, ()), 0
    for number, entry in _whole_entries(stream):
        before = done.broken
        done = replace(_added(session, done, entry, number), share=share())
        row = row + 1 if done.broken > before else 0
        progress(done)
        if row >= _HOPELESS:
            title = _("{count} entries in a row are no conversations").format(count=row)
            raise TransferError(title, _("Nothing was imported."))
    return done


def _whole_entries(stream: TextIO) -> Iterator[tuple[int, object]]:
    """The entries with their numbers. Raises TransferError at the first one that is no JSON, or too long."""
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


def _added(session: ImportSession, done: ImportReport, entry: object, number: int) -> ImportReport:
    """`done` with one more entry."""
    try:
        bundle = _bundle(entry)
        added = session.add(bundle)
    except TransferError as error:
        told = (f"{_name(entry, number)}: {error}",) if done.broken < _TOLD else ()
        return replace(
            done, entries=number, broken=done.broken + 1, skipped=(*done.skipped, *told) if told else done.skipped
        )
    notes = tuple(f"{_name(entry, number)}: {note}" for note in bundle.notes) if len(done.notes) < _TOLD else ()
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


def _name(entry: object, number: int) -> str:
    found = entry.get("title") if isinstance(entry, dict) else None
    title = sanitize_line(found[:_LONGEST_NAME]) if isinstance(found, str) else ""
    if title:
        return _("Entry {number} ({title})").format(number=number, title=title)
    return _("Entry {number}").format(number=number)
