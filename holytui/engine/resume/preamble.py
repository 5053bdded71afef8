"""What may stand before the continuation proper in what a model sends when asked to go on: white space, a code fence
that is opened again, a sentence such as "Sure, continuing:"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_LONGEST = 160
_OPENERS = (
    "absolutely",
    "apologies",
    "certainly",
    "continu",
    "got it",
    "here are",
    "here is",
    "here's",
    "i apologize",
    "i will continue",
    "i'll continue",
    "let me continue",
    "of course",
    "ok",
    "picking up",
    "resuming",
    "right,",
    "sorry",
    "sure",
    "the continuation",
    "chắc chắn",
    "dạ",
    "đây là",
    "được",
    "phần tiếp",
    "tất nhiên",
    "tiếp",
    "tôi sẽ tiếp",
    "tôi xin tiếp",
    "vâng",
    "xin lỗi",
    "xin tiếp",
)
_CONTINUES = re.compile(
    r"continu|resum|left off|pick(?:ing)? up|the rest|remain|where (?:i|we|it)|cut off|interrupt|"
    r"tiếp|phần còn lại|dang dở|bị ngắt",
    re.IGNORECASE,
)
_DECORATION = "*_([\"'“‘【「… ."
_END = re.compile(r"[:：](?=[*_)\]\"'”’】」]*(?:\s|$))|\n")


class ReadingKind(StrEnum):
    """What was taken off to come to a reading."""

    PLAIN = "plain"
    SPACE = "space"
    FENCE = "fence"
    PREAMBLE = "preamble"


@dataclass(frozen=True, slots=True)
class Reading:
    """The continuation proper may begin at `offset`."""

    offset: int
    kind: ReadingKind
    certain: bool = False
    """What was taken off surely belongs to no continuation."""
    new_line: bool = False
    """A line break was taken off that may belong to it."""


def find_readings(raw: str, fence: str, *, final: bool) -> tuple[list[Reading], bool]:
    """Where in `raw` the continuation may begin, and whether that is settled (it always is when `final`).

    `fence` is the marker of the code block that is open in the text before, if one is.
    """
    found, settled = _readings_at(raw, 0, ReadingKind.PLAIN, fence, final)
    if not settled:
        return found, False
    start = found[1].offset if len(found) > 1 and found[1].kind is ReadingKind.SPACE else 0
    end = _preamble_end(raw, start, final)
    if end is None:
        return found, False
    if end > start:
        after, settled = _readings_at(raw, end, ReadingKind.PREAMBLE, fence, final)
        found += after
    return found, settled


def _readings_at(raw: str, base: int, kind: ReadingKind, fence: str, final: bool) -> tuple[list[Reading], bool]:
    """The readings from `base` on: as it is, without its white space, without a fence opened again."""
    found = [Reading(base, kind, certain=kind is ReadingKind.PREAMBLE)]
    body = base + len(raw[base:]) - len(raw[base:].lstrip())
    if body == len(raw):
        return found, final
    if body > base:
        bare = ReadingKind.SPACE if kind is ReadingKind.PLAIN else kind
        found.append(Reading(body, bare, certain=kind is ReadingKind.PREAMBLE, new_line="\n" in raw[base:body]))
    rest = raw[body:]
    if fence and (rest.startswith(fence) or fence.startswith(rest)):
        line, newline, _after = rest.partition("\n")
        if not newline:
            return found, final or len(line) > 80
        info = line.lstrip(fence[0]).strip()
        # a fence that closes a block has no info string (CommonMark 4.5)
        if len(info) < 40:
            found.append(Reading(body + len(line) + 1, ReadingKind.FENCE, certain=bool(info)))
    return found, True


def _preamble_end(raw: str, start: int, final: bool) -> int | None:
    """Where a preamble at `start` ends; `start` if there is none; None if more text must tell."""
    head = raw[start : start + _LONGEST]
    bare = head.lstrip(_DECORATION).casefold().replace("’", "'")
    more = not final and len(head) < _LONGEST
    if not any(bare.startswith(opener) for opener in _OPENERS):
        undecided = more and any(opener.startswith(bare) for opener in _OPENERS)
        return None if undecided else start
    end = _END.search(head)
    if end is None or (end.end() == len(head) and more):
        return None if more else start
    phrase = head[: end.end()]
    if _CONTINUES.search(phrase) is None:
        return start
    stop = start + end.end()
    while stop < len(raw) and raw[stop] in "*_)]\"'”’】」":
        stop += 1
    if raw[stop : stop + 1] in (" ", "\t"):
        stop += 1
    for _line in range(2):  # what is beyond an empty line belongs to the text
        stop += raw[stop : stop + 1] == "\n"
    return None if stop == len(raw) and not final else stop
