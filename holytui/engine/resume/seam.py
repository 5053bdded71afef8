"""Joins a continuation to an interrupted text, holding back its start until the join is decided.

A join is silent only where the texts prove it: the old end was repeated and continues, or a server known to continue a
prefix did so. In doubt the seam is marked, and two different answers are never spliced. Thresholds were chosen on the
corpus of `benchmarks/seams.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from holytui.engine.resume.overlap import (
    LONG_TEXT,
    OverlapMatcher,
    ends_in_repetition,
    period,
    repetition_is_likely,
    weight,
)
from holytui.engine.resume.preamble import Reading, ReadingKind, find_readings
from holytui.engine.resume.strategy import ResumeMode
from holytui.engine.resume.text_end import open_fence
from holytui.models import HIDDEN, Join

_SILENT_CUT = {ResumeMode.PREFILL: 48, ResumeMode.INSTRUCT: 12, ResumeMode.RESTART: 0}
"""Weight (see `overlap.weight`) from which an overlap is cut silently. Code and tables repeat themselves, and a server
that continues a prefix seldom repeats it; a model that follows an instruction often does."""
_MARKED_CUT = {ResumeMode.PREFILL: 24, ResumeMode.INSTRUCT: 4, ResumeMode.RESTART: 0}
"""Weight from which an overlap is cut at all."""
_RIVAL_WEIGHT = 7
"""Weight from which a second, shorter overlap makes the longest one ambiguous."""
_LINE_ENDS = ".!?…。！？|;}"
_FULL_ECHO = 8
"""Weight of a text that a continuation does not repeat from its start by chance."""
_DOUBT_WEIGHT = 4
"""Weight from which an overlap that is not cut is marked."""
_RESTART_WEIGHT = 48
"""Weight of a common start that shows a restarted answer."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How an attempt is joined; `keep` and `cut` are those of `models.Attempt`."""

    join: Join
    keep: int
    cut: int


class Seam:
    """Joins one continuation, requested by `mode`, to `partial`.

    `trusted`: length of the part of `partial` that certainly belongs to the answer; a restarted text replaces the rest.
    `quoted`, of an instruction: the end of `partial` that the reply was asked to start with. Of a prefill: `exact`, the
    server is known to continue where the text ends; `echoes`, whether it repeats the text first (None: unknown);
    `stripped`, the text was sent without its trailing white space.

    Nothing is shown until `decision` is set. After a RESTART decision the shown text becomes a variant, and the
    returned text is the whole new answer.
    """

    __slots__ = (
        "_echoes",
        "_exact",
        "_fence",
        "_length",
        "_mode",
        "_partial",
        "_quoted",
        "_raw",
        "_readings",
        "_restart_at",
        "_settled",
        "_stripped",
        "_trusted",
        "decision",
        "echoed",
    )

    def __init__(
        self,
        partial: str,
        mode: ResumeMode,
        *,
        exact: bool = True,
        echoes: bool | None = None,
        stripped: bool = False,
        quoted: str = "",
        trusted: int | None = None,
    ) -> None:
        self._partial = partial
        self._mode = mode
        self._exact = exact
        self._echoes = echoes
        self._stripped = stripped
        self._quoted = quoted.strip()
        self._trusted = len(partial) if trusted is None else trusted
        self._raw: list[str] = []
        self._length = 0
        self._fence = open_fence(partial)
        self._settled = False
        self._readings: list[tuple[Reading, OverlapMatcher]] = []
        self._restart_at: int | None = None
        self.decision: Decision | None = None
        self.echoed: bool | None = None
        """Whether the reply to a prefill repeated the whole text; None if not known."""

    def feed(self, text: str) -> str:
        """Add `text`; return the text to show."""
        if self.decision is not None:
            return text
        self._raw.append(text)
        self._length += len(text)
        return self._decide(final=False)

    def finish(self) -> str:
        """End a complete answer; return the text still held back."""
        return "" if self.decision is not None else self._decide(final=True)

    def abandon(self) -> None:
        """End an interrupted attempt. Held text stays out of the answer: it repeats the answer, or may do so."""
        if self.decision is None:
            self.decision = Decision(Join.OVERLAP, -1, HIDDEN)

    def _decide(self, *, final: bool) -> str:
        if self._restart_at is None:
            self.decision = self._decide_join(final)
        if self._restart_at is not None:
            self.decision = self._decide_restart(self._restart_at, final)
        if self.decision is None:
            return ""
        raw = "".join(self._raw)
        self._raw.clear()
        self._readings.clear()
        return raw[self.decision.cut :]

    # -- restarts

    def _decide_restart(self, at: int, final: bool) -> Decision | None:
        """A restarted answer replaces the first when it is longer or complete."""
        length = self._length - at
        same = max(matcher.prefix_length for reading, matcher in self._readings if reading.offset == at)
        if self._trusted <= same < len(self._partial) and self._trusted < len(self._partial):
            return Decision(Join.OVERLAP, same, at + same)
        if length > len(self._partial):
            return Decision(Join.RESTART, 0, at)
        if not final:
            return None
        if self._mode is not ResumeMode.RESTART and length * 2 < len(self._partial):
            return Decision(Join.MARKED, -1, at)  # too short for a whole answer: the rest under a repeated heading
        return Decision(Join.RESTART, 0, at)

    def _restarts(self, matcher: OverlapMatcher) -> bool:
        """Whether the text starts as the old one did, and that start is unique in the old one."""
        old, same = self._partial, matcher.prefix_length
        if self._mode is ResumeMode.RESTART:
            return True
        # after a whole line the start may recur as a refrain or a heading
        at_line = old.endswith("\n") or not old.strip()
        needed = 4 * _RESTART_WEIGHT if at_line else _RESTART_WEIGHT
        first_line = old.find("\n") + 1
        if not at_line and 0 < first_line <= same and weight(old[:first_line]) >= 12:
            needed = 0
        enough = weight(old[:same]) >= needed and same > 0
        return enough and old.count("\n") >= 2 and old.find(old[:same], 1) < 0

    # -- the continuation proper

    def _decide_join(self, final: bool) -> Decision | None:
        self._read(final)
        if not self._readings or not (self._settled or final):
            return None
        if not final and any(matcher.undecided for _reading, matcher in self._readings):
            return None
        decision = self._by_overlap()
        if decision is None:
            self._look_for_restart()
        return decision or self._by_reading()

    def _read(self, final: bool) -> None:
        """Update the readings with the text received."""
        if self._settled:
            for _reading, matcher in self._readings:
                matcher.feed(self._raw[-1] if not final else "")
            return
        raw = "".join(self._raw)
        if not raw:
            return
        found, settled = self._find_readings(raw, final)
        if not settled:
            return
        self._settled = True
        shortest = len(self._partial) if self._mode is ResumeMode.RESTART else 2
        for reading in found:
            matcher = OverlapMatcher(self._partial, shortest)
            matcher.feed(raw[reading.offset :])
            self._readings.append((reading, matcher))

    def _find_readings(self, raw: str, final: bool) -> tuple[list[Reading], bool]:
        if self._mode is ResumeMode.RESTART:
            return [Reading(0, ReadingKind.PLAIN)], True
        if self._mode is ResumeMode.PREFILL and not raw.strip() and not final:
            return [], False
        return find_readings(raw, self._fence, final=final)

    def _by_overlap(self) -> Decision | None:
        """Cut a repetition of the old end, silently if it is unambiguous."""
        overlaps = {(reading.offset + k, k) for reading, matcher in self._readings for k in matcher.overlaps}
        if (decision := self._full_echo(overlaps)) is not None:
            return decision
        found = {(cut, k) for cut, k in overlaps if self._weighs(k, _MARKED_CUT[self._mode])}
        if not found:
            return self._by_near_overlap() or self._by_doubt(k for _cut, k in overlaps)
        cut, k = max(found)
        if self._was_requested(k):
            return Decision(Join.OVERLAP, -1, cut)
        silent = self._weighs(k, _SILENT_CUT[self._mode])
        rivals = {c for c, other in overlaps if self._weighs(other, _RIVAL_WEIGHT)} - {cut}
        # an overlap that is also a prefix of the old text may be a restart
        may_restart = k < len(self._partial) and any(matcher.prefix_length >= k for _reading, matcher in self._readings)
        ambiguous = repetition_is_likely(self._partial, k) or may_restart or self._is_next_line(cut, k)
        if ambiguous and self._mode is ResumeMode.PREFILL:
            return Decision(Join.MARKED, -1, 0)
        return Decision(Join.OVERLAP if silent and not rivals and not ambiguous else Join.MARKED, -1, cut)

    def _full_echo(self, overlaps: set[tuple[int, int]]) -> Decision | None:
        """Cut a repetition of the whole old text.

        llama.cpp returns a prefill unless told not to, and gateways do not pass that option on. A short or periodic
        text may recur without such a repetition.
        """
        length = len(self._partial)
        if (length, length) not in overlaps or self._mode is ResumeMode.INSTRUCT:
            return None
        cut = Decision(Join.OVERLAP, -1, length)
        if self._mode is ResumeMode.RESTART:
            return cut
        repeats = ends_in_repetition(self._partial) or period(self._partial) * 3 <= length * 2
        if weight(self._partial) >= _FULL_ECHO and not repeats:
            self.echoed = True
            return cut
        if self._echoes is None and not repeats:
            return replace(cut, join=Join.MARKED)
        return cut if self._echoes else None

    def _by_near_overlap(self) -> Decision | None:
        """Cut a repetition of the old end without its trailing white space."""
        if self._mode is ResumeMode.RESTART:
            return None
        found = [
            (reading.offset + k, k, end)
            for reading, matcher in self._readings
            for k, end in matcher.near_overlaps
            if weight(self._partial[:end].rstrip()[-k:]) >= max(12, _MARKED_CUT[self._mode])
        ]
        if not found:
            return None
        cut, k, end = max(found)
        if self._was_requested(k):
            return Decision(Join.OVERLAP, end, cut)  # the model sends that white space itself
        return Decision(Join.MARKED, -1, cut)

    def _was_requested(self, k: int) -> bool:
        """Whether the last `k` characters of the old text contain the requested quotation."""
        return (
            bool(self._quoted) and k >= len(self._quoted) and weight(self._quoted) >= _SILENT_CUT[ResumeMode.INSTRUCT]
        )

    def _is_next_line(self, cut: int, k: int) -> bool:
        """Whether whole lines recur after a possible line end: repeated, or the next of several alike."""
        old = self._partial
        if k < len(old) and "\n" not in old[-k - 1 : len(old) - k + 1]:
            return False
        broken = any(reading.new_line and reading.offset + k == cut for reading, _matcher in self._readings)
        return broken or ((len(old) < LONG_TEXT or k < len(old)) and old[-1] in _LINE_ENDS)

    def _by_doubt(self, overlaps: Iterable[int]) -> Decision | None:
        """Mark a short overlap after a prefill: it may be part of the continuation."""
        old = self._partial
        for k in overlaps:
            whole_line = k == len(old) or old[-k - 1] == "\n"
            if self._weighs(k, _DOUBT_WEIGHT) or whole_line:
                return Decision(Join.MARKED, -1, 0)
        return None

    def _weighs(self, k: int, limit: int) -> bool:
        return weight(self._partial[-k:]) >= limit

    def _look_for_restart(self) -> None:
        """Set `_restart_at` if the answer was restarted."""
        for reading, matcher in self._readings:
            if reading.kind is not ReadingKind.FENCE and self._restarts(matcher):
                self._restart_at = reading.offset
                break

    def _by_reading(self) -> Decision | None:
        """Join without an overlap: the text is the continuation, as far as is known."""
        if self._restart_at is not None:
            return None
        certain = [reading.offset for reading, _matcher in self._readings if reading.certain]
        if certain:
            preamble = [o.offset for o, _matcher in self._readings if o.certain and o.kind is ReadingKind.PREAMBLE]
            fence = [o.offset for o, _matcher in self._readings if o.certain and o.kind is ReadingKind.FENCE]
            return Decision(Join.MARKED, -1, max(fence) if fence else min(preamble))
        if self._mode is ResumeMode.PREFILL:
            return self._after_prefix()
        return Decision(Join.MARKED, -1, 0)

    def _after_prefix(self) -> Decision:
        """Join after a prefill; white space that was stripped from it comes first."""
        raw = "".join(self._raw)
        held = self._partial[len(self._partial.rstrip()) :] if self._stripped else ""
        if not raw.startswith(held):
            return Decision(Join.MARKED, -1, len(raw) - len(raw.lstrip()))
        if not self._exact or (not held and self._starts_sentence(raw)):
            return Decision(Join.MARKED, -1, len(held))
        self.echoed = False
        return Decision(Join.EXACT, -1, len(held))

    def _starts_sentence(self, raw: str) -> bool:
        """Whether a sentence starts where the old text is in the middle of one.

        The server then took the prefix as a finished turn.
        """
        before, after = self._partial[-1], raw[:1]
        if self._fence or not after:
            return False
        return after.isupper() and raw[1:2].islower() and (before.islower() or before in ",;")
