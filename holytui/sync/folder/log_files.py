"""The files of a folder: one log for each host, in segments, which only its host writes.

A segment is named `HOST-LOG-FIRST.jsonl`, where FIRST is the number of its first line. It is complete when it gets its
name, and is only ever replaced by its own host, by a longer one with the same lines. Each line is `CRC32 NUMBER JSON`.
All other files are ignored, also copies that replicating programs make of conflicting ones.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from holytui.sync.channel import JSON, MAX_LINE, decode, encode

_NAME = re.compile(r"([0-9a-f]{16})-([0-9a-f]{8})-(\d{10})\.jsonl")
_LINE = re.compile(rb"([0-9a-f]{8}) (\d{1,10}) ")
_PART = ".part"


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A file of a log."""

    first: int
    """Number of its first line; the lines of a log are numbered from 1."""
    path: Path


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log."""

    number: int
    value: JSON
    end: int
    """Bytes of the segment up to its end."""


@dataclass(frozen=True, slots=True)
class LogName:
    """The identity of a log."""

    host: str
    log: str


def find_logs(folder: Path) -> dict[LogName, list[Segment]]:
    """Return the segments of each log, in order. Raises OSError."""
    found: dict[LogName, list[Segment]] = {}
    for place in sorted(folder.iterdir()):
        if name := _NAME.fullmatch(place.name):
            found.setdefault(LogName(name[1], name[2]), []).append(Segment(int(name[3]), place))
    return found


def read_segment(path: Path, offset: int, *, after: int) -> Iterator[LogLine]:
    """Read the valid lines from `offset` on; ends at the first that is not whole.

    The values of lines with numbers up to `after` are empty. Raises OSError.
    """
    with path.open("rb") as file:
        file.seek(offset)
        while (line := file.readline(MAX_LINE)).endswith(b"\n"):
            offset += len(line)
            found = _LINE.match(line)
            if found is None:
                return
            number = int(found[2])
            if number <= after:
                yield LogLine(number, {}, offset)
                continue
            if int(found[1], 16) != zlib.crc32(line[9:-1]):
                return
            try:
                value = decode(line[found.end() :])
            except ValueError:
                return
            yield LogLine(number, value, offset)


def encode_line(number: int, value: JSON) -> bytes:
    """Encode a line of a log."""
    content = b"%d " % number + encode(value)
    return b"%08x " % zlib.crc32(content) + content + b"\n"


def write_segment(folder: Path, name: LogName, first: int, pieces: Iterable[bytes]) -> Segment:
    """Write a segment, which appears whole, and is on disk on return. Raises OSError; no other file is changed."""
    place = folder / f"{name.host}-{name.log}-{first:010}.jsonl"
    part = place.with_name(place.name + _PART)
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, place)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    _sync_folder(folder)
    return Segment(first, place)


def merge_segments(folder: Path, name: LogName, segments: list[Segment]) -> None:
    """Replace neighbouring segments of this host's own log, which are not the last ones, by one. Raises OSError."""
    write_segment(folder, name, segments[0].first, (segment.path.read_bytes() for segment in segments))
    for segment in segments[1:]:
        segment.path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
