"""Long pastes, shown in the prompt as a chip such as `[paste 1: 10,000 lines]`, and sent in full.

A chip is plain text, so undo, selection and the cursor work as usual; deleting a part of it deletes all of it, as half
a chip would send nothing of its paste.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from holytui import formatting as fmt
from holytui.i18n import ngettext
from holytui.text import sanitize

MIN_LINES = 12
MIN_CHARS = 2_000
"""Pastes with at least this many lines or characters are folded."""


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
        lines = text.rstrip("\n").count("\n") + 1
        if lines < MIN_LINES and len(text) < MIN_CHARS:
            return text
        for chip, known in self._texts.items():
            if known == text:
                return chip
        number = len(self._texts) + 1
        while (chip := _chip(number, lines, len(text))) in self._texts:
            number += 1
        self._texts[chip] = text
        return chip

    def expand(self, text: str) -> str:
        """`text` with each chip replaced by its paste."""
        pattern = self._pattern()
        return pattern.sub(lambda found: self._texts[found[0]], text) if pattern else text

    def refold(self, text: str) -> str:
        """`text` with each complete known paste replaced by its chip, so that `expand(refold(t)) == t`."""
        if self.expand(text) != text:  # it contains the text of a chip
            return text
        folded = text
        for chip, paste in sorted(self._texts.items(), key=lambda pair: -len(pair[1])):
            folded = folded.replace(paste, chip)
        return folded if self.expand(folded) == text else text

    def used_in(self, text: str) -> Mapping[str, str]:
        """The chips in `text`, with their pastes."""
        return {chip: paste for chip, paste in self._texts.items() if chip in text}

    def chip_before(self, line: str, column: int) -> int | None:
        """Start column of the chip that ends at `column` of `line`, or None."""
        return next((column - len(chip) for chip in self._texts if line[:column].endswith(chip)), None)

    def chip_after(self, line: str, column: int) -> int | None:
        """End column of the chip that begins at `column` of `line`, or None."""
        return next((column + len(chip) for chip in self._texts if line.startswith(chip, column)), None)

    def _pattern(self) -> re.Pattern[str] | None:
        return re.compile("|".join(re.escape(chip) for chip in self._texts)) if self._texts else None


def _chip(number: int, lines: int, chars: int) -> str:
    if lines >= MIN_LINES:
        return ngettext("[paste {number}: {count} line]", "[paste {number}: {count} lines]", lines).format(
            number=number, count=fmt.whole(lines)
        )
    return ngettext("[paste {number}: {count} character]", "[paste {number}: {count} characters]", chars).format(
        number=number, count=fmt.whole(chars)
    )
