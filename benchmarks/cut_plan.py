"""Where the answers of a run are cut: planned once from a seed, and used for every way of continuing them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.cutting_gateway import Ending, PlannedCut

MOST_CUTS = 4
_TEXT = re.compile(rb'"content":"((?:[^"\\]|\\.)*)"')
_KILL_SHARE = 0.25


class Place(StrEnum):
    """The part of the body at which a cut falls."""

    CHARACTER = "character"
    """Between two bytes of one character in UTF-8."""
    STRING = "string"
    """In the JSON string of a piece of text."""
    OTHER = "other"
    """In the rest of an event, or between two events."""


@dataclass(frozen=True, slots=True)
class CutPlan:
    """The cuts of one answer, in order."""

    prompt: str
    cuts: tuple[PlannedCut, ...]


def plan(seed: int, case: int, prompt: str, body: bytes) -> CutPlan:
    """Plan one to four cuts at random bytes of `body`, a third of them in a character or a string where it has any."""
    rng = Random(f"{seed} {case}")
    first, last = text_bytes(body)
    in_strings = [at for match in _TEXT.finditer(body, first, last) for at in range(match.start(1), match.end(1))]
    in_characters = [at for at in in_strings if place(body, at) is Place.CHARACTER]
    points = set()
    for _ in range(rng.randint(1, MOST_CUTS)):
        choice = rng.choice((in_characters, in_strings, range(first, last)))
        points.add(rng.choice(choice or range(first, last)))
    return CutPlan(prompt, tuple(PlannedCut(at, _ending(rng)) for at in sorted(points)))


def _ending(rng: Random) -> Ending:
    return Ending.KILL if rng.random() < _KILL_SHARE else rng.choice((Ending.RESET, Ending.CLOSED))


def place(body: bytes, at: int) -> Place:
    """The place of a cut before byte `at`."""
    if at < len(body) and body[at] & 0xC0 == 0x80:
        return Place.CHARACTER
    begin = body.rfind(b"\n\n", 0, at) + 2 if b"\n\n" in body[:at] else 0
    end = body.find(b"\n\n", at)
    match = _TEXT.search(body, begin, end if end >= 0 else len(body))
    return Place.STRING if match and match.start(1) <= at <= match.end(1) else Place.OTHER


def text_bytes(body: bytes) -> tuple[int, int]:
    """The bytes between the beginning of the first piece of text and the end of the last one."""
    first = body.find(b'"content":"')
    last = body.find(b'"finish_reason":"')
    return first, body.rfind(b"\n\n", first, last)


def content_of(body: bytes) -> str:
    """The text that the chunks of a streamed completion add up to, read without the package's own parser."""
    chunks = [json.loads(line[6:]) for line in body.decode().split("\n") if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"][:1])
