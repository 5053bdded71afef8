"""Text before the continuation proper: white space, a reopened code fence, a preamble such as "Sure, continuing:"."""

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
    """What was skipped before the continuation."""

    PLAIN = "plain"
    SPACE = "space"
    FENCE = "fence"
    PREAMBLE = "preamble"


@dataclass(frozen=True, slots=True)
class Reading:
    """A possible start of the continuation, at `offset`."""

    offset: int
    kind: ReadingKind
    certain: bool = False
    """The skipped text is certainly not part of the continuation."""
    new_line: bool = False
    """The skipped text contains a line break that may be part of it."""


def find_readings(raw: str, fence: str, *, final: bool) -> tuple[list[Reading], bool]:
    """The possible starts of the continuation in `raw`, and whether they are final (always if `final`).

    `fence` is the marker of the code block that is open at the end of the earlier text, if any.
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
    """Readings from `base`: unchanged, without white space, without a reopened fence."""
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
    """The end of a preamble at `start`; `start` if there is none; None if more text is needed."""
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
    for _line in range(2):  # text after an empty line belongs to the answer
        stop += raw[stop : stop + 1] == "\n"
    return None if stop == len(raw) and not final else stop
