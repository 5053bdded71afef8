"""Whether a Markdown text can end where it does: constructs open at its end.

An answer that ends inside a code block, a table row or a sentence was cut off, whatever its server reports.
"""

from __future__ import annotations

import re
from enum import StrEnum

_FENCE = re.compile(r"^ {0,3}(?:[-*+>] +|\d+[.)] +)*[ \t]*(`{3,}|~{3,})([^`\n]*)$")
_QUOTE_MARKS = re.compile(r"^[ >]*")
_EMPTY_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?:\s+\*{1,2})?\s*")
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_DELIMITER_ROW = re.compile(r"\|?[\s:|-]*-[\s:|-]*\|?")
_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_CLOSING_MARKUP = "*_~`\"'”’»」』)]}"
_SENTENCE_ENDS = ".!?…。！？．｡"
_STRUCTURE_ENDS = ")]}>|」』"
_SENTENCE_BREAK = re.compile(r"[.!?…]\s|[。！？．｡]")
_SENTENCES = 2
_PAIRS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»", "「": "」", "『": "』"}
_QUOTATIONS = frozenset("“«")


class OpenPart(StrEnum):
    """A construct that is open at the end of a text."""

    FENCE = "fence"
    TABLE = "table"
    """A row without its last bar or with too few cells, or a table without a body."""
    ITEM = "item"
    """A list item or a heading without text, or a heading without a body."""
    BRACKET = "bracket"
    QUOTATION = "quotation"
    SPAN = "span"
    """Inline code or emphasis."""
    SENTENCE = "sentence"
    """A word, or a sentence without its final punctuation."""


def open_part(text: str) -> OpenPart | None:
    """The construct open at the end of `text`; None if the text can end there."""
    text = text.rstrip()
    if not text:
        return OpenPart.SENTENCE
    if open_fence(text):
        return OpenPart.FENCE
    lines = _last_block(text)
    last = lines[-1]
    if _FENCE.match(last):
        return None
    if last.startswith("|") or (len(lines) > 1 and _DELIMITER_ROW.fullmatch(lines[1]) and "|" in lines[1]):
        return _open_table(lines)
    if _EMPTY_ITEM.fullmatch(last) or _HEADING.match(last):
        return OpenPart.ITEM
    return _open_inline("\n".join(lines)) or _open_sentence(text, last)


def can_end(text: str) -> bool:
    """Whether no construct is open at the end of `text`."""
    return open_part(text) is None


def goes_beyond(added: str) -> bool:
    """Whether a continuation has more than the rest of its first line, or two more sentences on that line.

    Weak models complete the interrupted line and take that for the end.
    """
    line, _newline, below = added.partition("\n")
    if below.strip(_CLOSING_MARKUP + " \n\t"):
        return True
    parts = [part for part in _SENTENCE_BREAK.split(line) if part.strip(_CLOSING_MARKUP + " \t")]
    return len(parts) > _SENTENCES


def open_fence(text: str) -> str:
    """The marker of the code fence open at the end of `text`; empty if none (CommonMark 4.5)."""
    marker = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found is None:
            continue
        if not marker:
            marker = found[1]
        elif found[1].startswith(marker) and not found[2].strip():
            marker = ""
    return marker


def _last_block(text: str) -> list[str]:
    """The lines since the last empty line, without block quote markers."""
    block = text[text.rfind("\n\n") + 1 :].lstrip("\n")
    return [_QUOTE_MARKS.sub("", line) for line in block.split("\n")]


def _open_table(lines: list[str]) -> OpenPart | None:
    rows = [line.strip() for line in lines if "|" in line]
    if len(rows) < 3 or _DELIMITER_ROW.fullmatch(rows[-1]):
        return OpenPart.TABLE
    header, last = rows[0], rows[-1]
    if header.endswith("|") and not last.endswith("|"):
        return OpenPart.TABLE
    return OpenPart.TABLE if last.count("|") < header.count("|") else None


def _open_inline(block: str) -> OpenPart | None:
    """An unclosed bracket, quotation or span in the last block, ignoring code spans."""
    plain = _CODE_SPAN.sub("", block)
    if "`" in plain or plain.count("**") % 2:
        return OpenPart.SPAN
    waiting: list[str] = []
    for index, char in enumerate(plain):
        if char in _PAIRS:
            waiting.append(char)
        elif waiting and char == _PAIRS[waiting[-1]] and not (char == ")" and _numbers_item(plain, index)):
            waiting.pop()
    if any(char not in _QUOTATIONS for char in waiting):
        return OpenPart.BRACKET
    return OpenPart.QUOTATION if waiting or plain.count('"') % 2 else None


def _numbers_item(text: str, index: int) -> bool:
    """Whether the bracket at `index` ends a list item number such as `1)`."""
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return line.strip().isdigit()


def _open_sentence(text: str, last: str) -> OpenPart | None:
    end = text[-1]
    bare = last.rstrip(_CLOSING_MARKUP).rstrip()
    if bare and bare[-1] in _SENTENCE_ENDS and not (bare[-1] == "." and bare[:-1].strip().isdigit()):
        return None
    if end in _STRUCTURE_ENDS or (ord(end) > 0x2190 and not end.isalnum() and end not in ":：,，、;；"):
        return None  # data, a table, an emoji
    return OpenPart.SENTENCE
