"""Joins a continuation to a cut text. The beginning is held back until it is clear how the two belong together.

A join is silent only where the texts themselves prove it right: the old end was said again and goes on, or a server
that is known to continue a prefix did so. Wherever a doubt is left the seam is marked, and nothing is ever spliced out
of two different answers. Thresholds were chosen on the corpus of `benchmarks/seams.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from holytui.engine.echo import WHOLE, Echo, repetition_is_likely, weight
from holytui.engine.opening import Kind, Opening, openings
from holytui.engine.recovery import How, open_fence
from holytui.models import Join

HIDDEN = 2**31 - 1
"""`Attempt.cut` of an attempt whose text is not joined (yet): none of it is part of the answer."""

_SURE = {How.PREFILL: 48, How.INSTRUCT: 12, How.RESTART: 0}
"""The weight (see `echo.weight`) from which an overlap is cut without a mark. Code and tables repeat themselves, and a
server that continues a prefix has no reason to say it again; a model that was told in words to go on often does."""
_SOME = {How.PREFILL: 24, How.INSTRUCT: 4, How.RESTART: 0}
"""The weight from which an overlap is cut at all."""
_RIVAL = 7
"""The weight from which a second, shorter overlap makes the longest one doubtful."""
_LINE_ENDS = ".!?…。！？|;}"
_DOUBT = 4
"""The weight from which an overlap that is not cut is marked."""
_BEGINNING = 48
"""The weight of a common beginning that shows that the answer was begun again."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How the attempt is joined; `keep` and `cut` are those of `models.Attempt`."""

    join: Join
    keep: int
    cut: int


class Seam:
    """One continuation being joined to `partial`, asked for by `how`.

    `echoes`: the server is known to send the prefix again first. Until `decision` is set nothing is shown. A RESTART
    decision means: what was shown is a variant now, and the text returned with it is the whole new answer.
    """

    __slots__ = (
        "_echoes",
        "_fence",
        "_how",
        "_length",
        "_partial",
        "_raw",
        "_readings",
        "_restart_at",
        "_settled",
        "decision",
    )

    def __init__(self, partial: str, how: How, *, echoes: bool = False) -> None:
        self._partial = partial
        self._how = how
        self._echoes = echoes
        self._raw: list[str] = []
        self._length = 0
        self._fence = open_fence(partial)
        self._settled = False
        self._readings: list[tuple[Opening, Echo]] = []
        self._restart_at: int | None = None
        self.decision: Decision | None = None

    def feed(self, text: str) -> str:
        """What of the text so far is now to be shown."""
        if self.decision is not None:
            return text
        self._raw.append(text)
        self._length += len(text)
        return self._decide(final=False)

    def finish(self) -> str:
        """The answer is complete: what is still to be shown."""
        return "" if self.decision is not None else self._decide(final=True)

    def abandon(self) -> None:
        """The attempt ended too early. What was held back stays out of the answer, as it repeats what is there, or
        cannot be told from it."""
        if self.decision is None:
            self.decision = Decision(Join.OVERLAP, -1, HIDDEN)

    def _decide(self, *, final: bool) -> str:
        if self._restart_at is None:
            self.decision = self._judge(final)
        if self._restart_at is not None:
            self.decision = self._judge_restart(self._restart_at, final)
        if self.decision is None:
            return ""
        raw = "".join(self._raw)
        self._raw.clear()
        self._readings.clear()
        return raw[self.decision.cut :]

    # -- restarts

    def _judge_restart(self, at: int, final: bool) -> Decision | None:
        """A second answer takes the place of the first when it is longer or complete."""
        length = self._length - at
        if length > len(self._partial):
            return Decision(Join.RESTART, 0, at)
        if not final:
            return None
        if self._how is not How.RESTART and length * 2 < len(self._partial):
            return Decision(Join.MARKED, -1, at)  # too short for a whole answer: it is the rest under an old heading
        return Decision(Join.RESTART, 0, at)

    def _started_over(self, echo: Echo) -> bool:
        """Whether the text begins as the old one did, and nothing else in the old one begins so."""
        old, same = self._partial, echo.whole
        if self._how is How.RESTART:
            return True
        # after a whole line the beginning may come back as a refrain or a heading of the next part
        at_line = old.endswith("\n") or not old.strip()
        needed = 4 * _BEGINNING if at_line else _BEGINNING
        first_line = old.find("\n") + 1
        if not at_line and 0 < first_line <= same and weight(old[:first_line]) >= 12:
            needed = 0
        enough = weight(old[:same]) >= needed and same > 0
        return enough and old.count("\n") >= 2 and old.find(old[:same], 1) < 0

    # -- the continuation proper

    def _judge(self, final: bool) -> Decision | None:
        self._read(final)
        if not self._readings or not (self._settled or final):
            return None
        if not final and any(echo.open for _opening, echo in self._readings):
            return None
        return self._by_echo() or self._by_restart(final) or self._by_opening()

    def _read(self, final: bool) -> None:
        """Bring the readings up to all that has come."""
        if self._settled:
            for _opening, echo in self._readings:
                echo.feed(self._raw[-1] if not final else "")
            return
        raw = "".join(self._raw)
        if not raw:
            return
        found, settled = self._openings(raw, final)
        if not settled:
            return
        self._settled = True
        shortest = len(self._partial) if self._how is How.RESTART else 2
        for opening in found:
            echo = Echo(self._partial, shortest)
            echo.feed(raw[opening.offset :])
            self._readings.append((opening, echo))

    def _openings(self, raw: str, final: bool) -> tuple[list[Opening], bool]:
        if self._how is How.RESTART:
            return [Opening(0, Kind.PLAIN)], True
        if self._how is How.PREFILL:
            space = len(raw) - len(raw.lstrip())
            if space == len(raw) and not final:
                return [], False
        return openings(raw, self._fence, final=final)

    def _by_echo(self) -> Decision | None:
        """The old end was said again: cut it, silently if it can be nothing else."""
        overlaps = {(opening.offset + k, k) for opening, echo in self._readings for k in echo.overlaps}
        whole = [cut for cut, k in overlaps if k == len(self._partial)]
        if whole and (self._how is How.RESTART or self._echoes):
            return Decision(Join.OVERLAP, -1, max(whole))
        found = {(cut, k) for cut, k in overlaps if self._heavy(k, _SOME[self._how])}
        if not found:
            return self._by_loose_echo() or self._by_doubt(k for _cut, k in overlaps)
        cut, k = max(found)
        sure = self._heavy(k, _SURE[self._how])
        rivals = {c for c, other in overlaps if self._heavy(other, _RIVAL)} - {cut}
        # what is the beginning of the old text as well as its end may begin the answer again
        twofold = k < len(self._partial) and any(echo.whole >= k for _opening, echo in self._readings)
        likely = repetition_is_likely(self._partial, k) or twofold or self._is_next_line(cut, k)
        if likely and self._how is How.PREFILL:
            return Decision(Join.MARKED, -1, 0)
        return Decision(Join.OVERLAP if sure and not rivals and not likely else Join.MARKED, -1, cut)

    def _by_loose_echo(self) -> Decision | None:
        """All but the white space at the very end was said again."""
        if self._how is How.RESTART:
            return None
        found = [
            opening.offset + k
            for opening, echo in self._readings
            for k in echo.loose
            if weight(self._partial.rstrip()[-k:]) >= max(12, _SOME[self._how])
        ]
        return Decision(Join.MARKED, -1, max(found)) if found else None

    def _is_next_line(self, cut: int, k: int) -> bool:
        """Whole lines come again after what may be a line's end: said again, or the next of several alike."""
        old = self._partial
        if k < len(old) and "\n" not in old[-k - 1 : len(old) - k + 1]:
            return False
        broken = any(opening.new_line and opening.offset + k == cut for opening, _echo in self._readings)
        return broken or ((len(old) < WHOLE or k < len(old)) and old[-1] in _LINE_ENDS)

    def _by_doubt(self, overlaps: Iterable[int]) -> Decision | None:
        """A server that continues a prefix seems to say a little of it again: that may be the text itself."""
        old = self._partial
        for k in overlaps:
            whole_line = k == len(old) or old[-k - 1] == "\n"
            if self._heavy(k, _DOUBT) or whole_line:
                return Decision(Join.MARKED, -1, 0)
        return None

    def _heavy(self, k: int, limit: int) -> bool:
        return weight(self._partial[-k:]) >= limit

    def _by_restart(self, final: bool) -> Decision | None:
        if final and self._how is How.RESTART and self._readings[0][1].repeats_start:
            # complete, and shorter than what is there: the longer text loses nothing
            return Decision(Join.OVERLAP, -1, self._length)
        for opening, echo in self._readings:
            if opening.kind is not Kind.FENCE and self._started_over(echo):
                self._restart_at = opening.offset
                break
        return None

    def _by_opening(self) -> Decision | None:
        """Nothing old was said again: what comes first is the continuation, as far as can be told."""
        if self._restart_at is not None:
            return None
        sure = [opening.offset for opening, _echo in self._readings if opening.sure]
        if sure:
            preamble = [o.offset for o, _echo in self._readings if o.sure and o.kind is Kind.PREAMBLE]
            fence = [o.offset for o, _echo in self._readings if o.sure and o.kind is Kind.FENCE]
            return Decision(Join.MARKED, -1, max(fence) if fence else min(preamble))
        if self._how is How.PREFILL:
            return self._after_prefix()
        return Decision(Join.MARKED, -1, 0)

    def _after_prefix(self) -> Decision:
        """The prefix was sent without the white space at its end, so a server that goes on exactly sends that first."""
        raw = "".join(self._raw)
        held = self._partial[len(self._partial.rstrip()) :]
        if held:
            if raw.startswith(held):
                return Decision(Join.EXACT, -1, len(held))
            space = len(raw) - len(raw.lstrip())
            return Decision(Join.MARKED, -1, space)
        return Decision(Join.MARKED if self._looks_begun(raw) else Join.EXACT, -1, 0)

    def _looks_begun(self, raw: str) -> bool:
        """A sentence begins where the old text stands in the middle of one: the prefix was taken as a finished turn."""
        before, after = self._partial[-1], raw[:1]
        if self._fence or not after:
            return False
        return after.isupper() and raw[1:2].islower() and (before.islower() or before in ",;")
