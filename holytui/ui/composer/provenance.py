"""Which characters of a text were typed key by key, and which came otherwise: pasted, imported, brought back.

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
    """Those of a text, in order."""
    for number, line in enumerate(lines):
        if "@" in line:
            for found in MENTION.finditer(line):
                yield Mention(found["quoted"] or found["plain"], number, found.start(), found.end())


class Provenance:
    """Follows the edits of a text, whose lines end in one character."""

    def __init__(self) -> None:
        self._lines: list[bytes] = [b""]
        """Of each line a byte for each character, 1 if it was typed; what is missing at its end was not."""

    def load(self, lines: int) -> None:
        """Another text of so many lines is there; nothing of it was typed."""
        self._lines = [b""] * lines

    def replace(self, start: Location, end: Location, lengths: Sequence[int], *, typed: bool) -> None:
        """Lines of these lengths took the place of what was between two locations."""
        start, end = sorted((start, end))
        before = self._lines[start[0]][: start[1]].ljust(start[1], b"\0")
        after = self._lines[end[0]][end[1] :]
        parts = [(b"\1" if typed else b"\0") * length for length in lengths]
        parts[0] = before + parts[0]
        parts[-1] += after
        self._lines[start[0] : end[0] + 1] = parts

    def is_typed(self, mention: Mention) -> bool:
        """Whether all of it was typed."""
        flags = self._lines[mention.line][mention.start : mention.end]
        return flags == b"\1" * (mention.end - mention.start)

    def forget(self, mention: Mention) -> None:
        """It does not count as typed any more."""
        flags = self._lines[mention.line]
        self._lines[mention.line] = (
            flags[: mention.start] + b"\0" * (mention.end - mention.start) + flags[mention.end :]
        )


class MentionSelection:
    """Which files were chosen for the text of a prompt: by typing, or otherwise."""

    def __init__(self) -> None:
        self.provenance = Provenance()
        self._kept: dict[str, str] = {}
        """Those that were chosen otherwise: as they are written, and the place that was meant if it is known."""

    def chosen(self, lines: Sequence[str]) -> dict[str, str]:
        """The paths that were chosen, as they are written, each with its place if that is known."""
        return {each.path: self._kept.get(each.path, "") for each in mentions(lines) if self._is_chosen(each)}

    def others(self, lines: Sequence[str]) -> list[str]:
        """The paths that the text names and that were not chosen."""
        chosen = self.chosen(lines)
        return list(dict.fromkeys(each.path for each in mentions(lines) if each.path not in chosen))

    def _is_chosen(self, mention: Mention) -> bool:
        return mention.path in self._kept or self.provenance.is_typed(mention)

    def load(self, lines: Sequence[str], kept: Mapping[str, str] = NONE) -> None:
        """Another text is there, for which `kept` had been chosen: paths and places."""
        self.provenance.load(len(lines))
        self._kept = dict(kept)
        self.changed(lines)

    def changed(self, lines: Sequence[str]) -> None:
        """The text was edited: what it does not name any more is not chosen any more, also if it comes back."""
        if self._kept:
            named = {each.path for each in mentions(lines)}
            self._kept = {path: place for path, place in self._kept.items() if path in named}

    def attach(self, path: str) -> None:
        """Attach it."""
        self._kept[path] = ""

    def detach(self, path: str, lines: Sequence[str]) -> None:
        """Send it as text."""
        self._kept.pop(path, None)
        for mention in mentions(lines):
            if mention.path == path:
                self.provenance.forget(mention)
