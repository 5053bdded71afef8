"""Long pastes, shown in the prompt as a chip such as `[paste 1: 10,000 lines]`, and sent in full; likewise the middle
of a long text that is loaded into the prompt, such as an earlier question.

A chip is plain text, so undo, selection and the cursor work as usual; deleting a part of it deletes all of it, as half
a chip would send nothing of its paste.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from holytui import formatting as fmt
from holytui.i18n import ngettext
from holytui.text import sanitize

MIN_LINES = 12
MIN_CHARS = 2_000
"""Pastes with at least this many lines or characters are folded."""
MAX_LINES = 1_000
MAX_CHARS = 20_000
"""Loaded texts with more lines or characters are shortened: the prompt lays out all of its text at once, and the line
of the cursor again at each key."""
_KEPT_LINES = 6
_KEPT_CHARS = 1_000
"""At most this much is left at each end of a shortened text, where the question itself usually is."""


class Pastes:
    """The folded pastes of one prompt."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._texts = dict(texts or {})

    @property
    def texts(self) -> Mapping[str, str]:
        """Chip to pasted text."""
        return self._texts

    def fold(self, pasted: str) -> str:
        """The text to insert for a paste: the sanitized paste with line ends as `\\n`, or a chip if it is long."""
        text = sanitize(pasted.replace("\r\n", "\n").replace("\r", "\n"))
        return self._add(text) if _is_long(text) else text

    def _add(self, text: str) -> str:
        for chip, known in self._texts.items():
            if known == text:
                return chip
        number, lines = len(self._texts) + 1, _lines(text)
        while (chip := _chip(number, lines, len(text))) in self._texts:
            number += 1
        self._texts[chip] = text
        return chip

    def shorten(self, text: str, keep: Callable[[str], bool] = lambda _line: False) -> str:
        """`text`, which may have chips, with its middle as a chip if it is long, so that `expand(shorten(t)) ==
        expand(t)`. A line for which `keep` is true stays in sight."""
        if len(text) <= MAX_CHARS and text.count("\n") < MAX_LINES:
            return text
        whole, start, end = self.expand(text), _end_of_first_lines(text), _start_of_last_lines(text)
        parts = groupby(text[start:end].split("\n"), keep)
        middle = "\n".join("\n".join(lines) if kept else self._hide("\n".join(lines)) for kept, lines in parts)
        shown = text[:start] + middle + text[end:]
        # the text may happen to have the words of a new chip
        return shown if self.expand(shown) == whole else self._add(whole)

    def _hide(self, text: str) -> str:
        return self._add(self.expand(text)) if _is_long(text) else text

    def expand(self, text: str) -> str:
        """`text` with each chip replaced by its paste."""
        pattern = self._pattern()
        return pattern.sub(lambda found: self._texts[found[0]], text) if pattern else text

    def refold(self, text: str) -> str:
        """`text` with each complete known paste replaced by its chip, so that `expand(refold(t)) == t`."""
        if self.mentioned_in(text):
            return text
        folded = text
        for chip, paste in sorted(self._texts.items(), key=lambda pair: -len(pair[1])):
            folded = folded.replace(paste, chip)
        return folded if self.expand(folded) == text else text

    def mentioned_in(self, text: str) -> bool:
        """Whether `text` has the words of a chip."""
        return any(chip in text for chip in self._texts)

    def used_in(self, text: str) -> Mapping[str, str]:
        """The chips in `text`, with their pastes."""
        return {chip: paste for chip, paste in self._texts.items() if chip in text}

    def chip_before(self, line: str, column: int) -> int | None:
        """Start column of the chip that ends at `column` of `line`, or None."""
        return next((column - len(chip) for chip in self._texts if line[:column].endswith(chip)), None)

    def chip_after(self, line: str, column: int) -> int | None:
        """End column of the chip that begins at `column` of `line`, or None."""
        return next((column + len(chip) for chip in self._texts if line.startswith(chip, column)), None)

    def parts(self, line: str) -> Iterator[tuple[str, bool]]:
        """Yield a line in pieces, and whether each is a chip."""
        at, pattern = 0, self._pattern()
        for found in pattern.finditer(line) if pattern else ():
            yield line[at : found.start()], False
            yield found.group(), True
            at = found.end()
        yield line[at:], False

    def _pattern(self) -> re.Pattern[str] | None:
        return re.compile("|".join(re.escape(chip) for chip in self._texts)) if self._texts else None


def _lines(text: str) -> int:
    return text.rstrip("\n").count("\n") + 1


def _is_long(text: str) -> bool:
    return len(text) >= MIN_CHARS or _lines(text) >= MIN_LINES


def _end_of_first_lines(text: str) -> int:
    """Offset after the first lines that are left of a shortened text."""
    end = 0
    for _line in range(_KEPT_LINES):
        after = text.find("\n", end, _KEPT_CHARS) + 1
        if not after:
            break
        end = after
    return end


def _start_of_last_lines(text: str) -> int:
    """Offset of the line end before the last lines that are left of a shortened text."""
    start = len(text)
    for _line in range(_KEPT_LINES):
        before = text.rfind("\n", len(text) - _KEPT_CHARS, start)
        if before < 0:
            break
        start = before
    return start


def _chip(number: int, lines: int, chars: int) -> str:
    if lines >= MIN_LINES:
        return ngettext("[paste {number}: {count} line]", "[paste {number}: {count} lines]", lines).format(
            number=number, count=fmt.whole(lines)
        )
    return ngettext("[paste {number}: {count} character]", "[paste {number}: {count} characters]", chars).format(
        number=number, count=fmt.whole(chars)
    )
