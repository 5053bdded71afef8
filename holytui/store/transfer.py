"""Conversations out to files and in from files, one at a time, so that no size is too large."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol, TextIO

from holytui.errors import TransferError
from holytui.i18n import _
from holytui.paths import private_text
from holytui.store import chatgpt, portable
from holytui.store.bundles import Added, Bundle
from holytui.store.markdown import write_markdown
from holytui.store.page import write_page
from holytui.store.split import Broken, entries
from holytui.text import sanitize_line

_UPPER_CONTROLS = re.compile("[\x7f-\x9f]")
_ARCHIVED = "conversations.json"  # what ChatGPT's export is called inside its archive


class Format(StrEnum):
    """What a conversation can be written as. `JSON` and `JSONL` keep everything, the others the shown branch."""

    MARKDOWN = "md"
    JSON = "json"
    JSONL = "jsonl"
    HTML = "html"


class Source(Protocol):
    """Where bundles come from; `SqliteHistory` is one."""

    def bundle(self, conversation_id: str, *, images: bool = True) -> Bundle | None:
        """A whole conversation, with the bytes of its images if they are wanted."""
        ...


class Target(Protocol):
    """Where bundles go; `SqliteHistory` is one."""

    def add_bundle(self, bundle: Bundle) -> Added:
        """Add what is not there yet."""
        ...


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    entries: int
    """Conversations read, the broken ones among them."""
    conversations: int
    """Of them, new here."""
    messages: int
    """New here."""
    skipped: tuple[str, ...]
    """A sentence for each that could not be read."""
    share: float = field(default=0.0, compare=False)
    """Of the file, read so far: 0 to 1."""


Progress = Callable[[Imported], None]
Share = Callable[[], float]


def export(source: Source, conversation_ids: Iterable[str], form: Format, out: TextIO) -> int:
    """Write conversations to `out`, in order; returns how many. Raises TransferError, StoreError, OSError."""
    found = _bundles(source, conversation_ids, images=form is not Format.MARKDOWN)
    match form:
        case Format.MARKDOWN:
            return write_markdown(found, out)
        case Format.HTML:
            return write_page(found, out)
        case Format.JSONL:
            return _write_json(found, out, "", "", "", end="\n")
        case Format.JSON:
            return _write_json(found, out, "[\n", ",\n", "\n]\n", end="")


def export_file(source: Source, conversation_ids: Iterable[str], form: Format, path: Path) -> int:
    """`export` to a file with mode 0600, whole or not at all; a device or pipe is written to as it is.

    Raises TransferError, StoreError; a file that was there is then as it was.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as out:
                return export(source, conversation_ids, form, out)
        with private_text(path.resolve()) as out:
            return export(source, conversation_ids, form, out)
    except OSError as exc:
        raise TransferError(
            _("{file} cannot be written: {reason}").format(file=path, reason=exc.strerror or exc),
            _("Nothing was exported."),
        ) from exc


def _bundles(source: Source, conversation_ids: Iterable[str], *, images: bool) -> Iterator[Bundle]:
    for conversation_id in conversation_ids:
        found = source.bundle(conversation_id, images=images)
        if found is None:
            raise TransferError(_("There is no conversation {id}").format(id=sanitize_line(conversation_id)))
        yield found


def _write_json(found: Iterator[Bundle], out: TextIO, before: str, between: str, after: str, *, end: str) -> int:
    count = 0
    out.write(before)
    for bundle in found:
        out.write(between if count else "")
        value = portable.to_json(bundle)
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


def import_file(target: Target, path: Path, progress: Progress | None = None) -> Imported:
    """Add what a file holds: our JSON lines or JSON, or ChatGPT's `conversations.json`, also inside its archive.

    Each conversation is added in a transaction of its own; importing again adds nothing twice. Raises TransferError
    when the file cannot be read at all or holds nothing of the kind, StoreError.
    """
    try:
        with _opened(path) as (stream, share):
            done = import_from(target, stream, progress, share)
    except (OSError, zipfile.BadZipFile, KeyError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        begun = not isinstance(exc, FileNotFoundError | PermissionError | IsADirectoryError)
        raise TransferError(
            _("{file} cannot be read: {reason}").format(file=path, reason=sanitize_line(reason)),
            _("What was read before that is here.") if begun else "",
        ) from exc
    if done.entries == len(done.skipped):
        raise TransferError(
            _("{file} holds no conversation in a known form").format(file=path),
            done.skipped[0] if done.skipped else _("It is empty."),
        )
    return done


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TextIO, Share]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(_ARCHIVED) as inside:
            yield _decoded(inside, archive.getinfo(_ARCHIVED).file_size)
    else:
        with path.open("rb") as file:
            yield _decoded(file, path.stat().st_size)


def _decoded(raw: IO[bytes], size: int) -> tuple[TextIO, Share]:
    # a pipe has no size and cannot say where it is
    return io.TextIOWrapper(raw, "utf-8-sig", "replace"), lambda: min(1.0, raw.tell() / size) if size else 0.0


def import_from(
    target: Target, stream: TextIO, progress: Progress | None = None, share: Share = lambda: 0.0
) -> Imported:
    """`import_file` from an open stream; broken entries are skipped and named. Raises StoreError."""
    done = Imported(0, 0, 0, ())
    for number, entry in enumerate(entries(stream), 1):
        try:
            added = target.add_bundle(_bundle(entry))
        except TransferError as error:
            name = _name(entry, number)
            skipped = (*done.skipped, f"{name}: {error}")
            done = Imported(number, done.conversations, done.messages, skipped)
        else:
            done = Imported(
                number, done.conversations + added.conversations, done.messages + added.messages, done.skipped
            )
        if progress is not None:
            progress(replace(done, share=share()))
    return done


def _bundle(entry: object) -> Bundle:
    if isinstance(entry, Broken):
        raise TransferError(_("It is no JSON ({reason})").format(reason=sanitize_line(str(entry))))
    if not isinstance(entry, dict):
        raise TransferError(_("It is no conversation in a known form"))
    return chatgpt.from_json(entry) if "mapping" in entry else portable.from_json(entry)


def _name(entry: object, number: int) -> str:
    title = sanitize_line(str(entry.get("title") or "")) if isinstance(entry, dict) else ""
    if title:
        return _("Entry {number} ({title})").format(number=number, title=title)
    return _("Entry {number}").format(number=number)
