"""Provenance of characters: typed key by key, or inserted otherwise, as by a paste or an undo.

Only an `@path` that was typed, or taken from the completion, attaches a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from holytui.attachments.files import MENTION

Location = tuple[int, int]
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mention:
    """An `@path` in a text: the path, its line, and its columns there."""

    path: str
    line: int
    start: int
    end: int


def mentions(lines: Iterable[str]) -> Iterator[Mention]:
    """All mentions of a text, in order."""
    for number, line in enumerate(lines):
        if "@" in line:
            for found in MENTION.finditer(line):
                yield Mention(found["quoted"] or found["plain"], number, found.start(), found.end())


class Provenance:
    """Tracks which characters of an edited text were typed."""

    def __init__(self) -> None:
        self._lines: list[bytes] = [b""]
        """For each line a byte for each character: 1 if typed. Missing bytes at the end count as 0."""

    def load(self, lines: int) -> None:
        """Reset for another text with this number of lines, none of it typed."""
        self._lines = [b""] * lines

    def replace(self, start: Location, end: Location, lengths: Sequence[int], *, typed: bool) -> None:
        """Record that the text between two locations was replaced by lines of these lengths."""
        start, end = sorted((start, end))
        before = self._lines[start[0]][: start[1]].ljust(start[1], b"\0")
        after = self._lines[end[0]][end[1] :]
        parts = [(b"\1" if typed else b"\0") * length for length in lengths]
        parts[0] = before + parts[0]
        parts[-1] += after
        self._lines[start[0] : end[0] + 1] = parts

    def is_typed(self, mention: Mention) -> bool:
        """Whether all characters of a mention were typed."""
        flags = self._lines[mention.line][mention.start : mention.end]
        return flags == b"\1" * (mention.end - mention.start)

    def forget(self, mention: Mention) -> None:
        """Treat a mention as not typed."""
        flags = self._lines[mention.line]
        self._lines[mention.line] = (
            flags[: mention.start] + b"\0" * (mention.end - mention.start) + flags[mention.end :]
        )


class MentionSelection:
    """The mentions of a text that attach files: typed ones, and those chosen otherwise."""

    def __init__(self) -> None:
        self.provenance = Provenance()
        self._kept: dict[str, str] = {}
        """Chosen otherwise than by typing: path as written to absolute path, empty if unknown."""

    def chosen(self, lines: Sequence[str]) -> dict[str, str]:
        """Chosen paths, as written, each with its absolute path if known."""
        return {each.path: self._kept.get(each.path, "") for each in mentions(lines) if self._is_chosen(each)}

    def others(self, lines: Sequence[str]) -> list[str]:
        """Paths that the text names and that are not chosen."""
        chosen = self.chosen(lines)
        return list(dict.fromkeys(each.path for each in mentions(lines) if each.path not in chosen))

    def _is_chosen(self, mention: Mention) -> bool:
        return mention.path in self._kept or self.provenance.is_typed(mention)

    def load(self, lines: Sequence[str], kept: Mapping[str, str] = NONE) -> None:
        """Reset for another text, for which the files `kept` are chosen."""
        self.provenance.load(len(lines))
        self._kept = dict(kept)
        self.changed(lines)

    def changed(self, lines: Sequence[str]) -> None:
        """Called after an edit. A file that the text no longer names is no longer chosen, even if it is named again."""
        if self._kept:
            named = {each.path for each in mentions(lines)}
            self._kept = {path: place for path, place in self._kept.items() if path in named}

    def attach(self, path: str) -> None:
        """Choose the file of a path."""
        self._kept[path] = ""

    def detach(self, path: str, lines: Sequence[str]) -> None:
        """Treat all mentions of a path as text."""
        self._kept.pop(path, None)
        for mention in mentions(lines):
            if mention.path == path:
                self.provenance.forget(mention)
