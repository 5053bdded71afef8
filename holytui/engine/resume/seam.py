"""Joins a continuation to a cut text. The beginning is held back until it is clear how the two belong together.

A join is silent only where the texts themselves prove it right: the old end was said again and goes on, or a server
that is known to continue a prefix did so. Wherever a doubt is left the seam is marked, and nothing is ever spliced out
of two different answers. Thresholds were chosen on the corpus of `benchmarks/seams.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from holytui.engine.resume.overlap import WHOLE, Echo, comes_round, period, repetition_is_likely, weight
from holytui.engine.resume.preamble import Kind, Opening, openings
from holytui.engine.resume.strategy import How
from holytui.engine.resume.text_end import open_fence
from holytui.models import HIDDEN, Join

_SURE = {How.PREFILL: 48, How.INSTRUCT: 12, How.RESTART: 0}
"""The weight (see `echo.weight`) from which an overlap is cut without a mark. Code and tables repeat themselves, and a
server that continues a prefix has no reason to say it again; a model that was told in words to go on often does."""
_SOME = {How.PREFILL: 24, How.INSTRUCT: 4, How.RESTART: 0}
"""The weight from which an overlap is cut at all."""
_RIVAL = 7
"""The weight from which a second, shorter overlap makes the longest one doubtful."""
_LINE_ENDS = ".!?…。！？|;}"
_WHOLE_ECHO = 8
"""The weight of a text that no continuation says again from its beginning by chance."""
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

    `trusted` is how much of `partial` is surely part of the answer, where that is not all of it: a text that is asked
    for from the start takes the place of the rest. Of an instruction: `quoted` is the end of `partial` that the reply
    was asked to begin with. Of a prefill: `exact` says that the server is known to go on where the text ends; `echoes`
    whether it sends the text again first (None: not known); `stripped` that the text was sent without the white space
    at its end. Until `decision` is set nothing is shown. A RESTART decision means: what was shown is a variant now, and
    the text returned with it is the whole new answer.
    """

    __slots__ = (
        "_echoes",
        "_exact",
        "_fence",
        "_how",
        "_length",
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
        how: How,
        *,
        exact: bool = True,
        echoes: bool | None = None,
        stripped: bool = False,
        quoted: str = "",
        trusted: int | None = None,
    ) -> None:
        self._partial = partial
        self._how = how
        self._exact = exact
        self._echoes = echoes
        self._stripped = stripped
        self._quoted = quoted.strip()
        self._trusted = len(partial) if trusted is None else trusted
        self._raw: list[str] = []
        self._length = 0
        self._fence = open_fence(partial)
        self._settled = False
        self._readings: list[tuple[Opening, Echo]] = []
        self._restart_at: int | None = None
        self.decision: Decision | None = None
        self.echoed: bool | None = None
        """Whether the answer to a prefill began with the whole text; None where that cannot be told."""

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
        same = max(echo.whole for opening, echo in self._readings if opening.offset == at)
        if self._trusted <= same < len(self._partial) and self._trusted < len(self._partial):
            return Decision(Join.OVERLAP, same, at + same)
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
        decision = self._by_echo()
        if decision is None:
            self._look_for_restart()
        return decision or self._by_opening()

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
        if self._how is How.PREFILL and not raw.strip() and not final:
            return [], False
        return openings(raw, self._fence, final=final)

    def _by_echo(self) -> Decision | None:
        """The old end was said again: cut it, silently if it can be nothing else."""
        overlaps = {(opening.offset + k, k) for opening, echo in self._readings for k in echo.overlaps}
        if (whole := self._whole_echo(overlaps)) is not None:
            return whole
        found = {(cut, k) for cut, k in overlaps if self._heavy(k, _SOME[self._how])}
        if not found:
            return self._by_loose_echo() or self._by_doubt(k for _cut, k in overlaps)
        cut, k = max(found)
        if self._asked_for(k):
            return Decision(Join.OVERLAP, -1, cut)
        sure = self._heavy(k, _SURE[self._how])
        rivals = {c for c, other in overlaps if self._heavy(other, _RIVAL)} - {cut}
        # what is the beginning of the old text as well as its end may begin the answer again
        twofold = k < len(self._partial) and any(echo.whole >= k for _opening, echo in self._readings)
        likely = repetition_is_likely(self._partial, k) or twofold or self._is_next_line(cut, k)
        if likely and self._how is How.PREFILL:
            return Decision(Join.MARKED, -1, 0)
        return Decision(Join.OVERLAP if sure and not rivals and not likely else Join.MARKED, -1, cut)

    def _whole_echo(self, overlaps: set[tuple[int, int]]) -> Decision | None:
        """The whole of the old text was sent again: cut it.

        llama.cpp sends a prefill again unless it is told not to, and gateways in front of it do not pass that on. A
        short text, or one that repeats itself, may come again without that.
        """
        length = len(self._partial)
        if (length, length) not in overlaps or self._how is How.INSTRUCT:
            return None
        cut = Decision(Join.OVERLAP, -1, length)
        if self._how is How.RESTART:
            return cut
        repeats = comes_round(self._partial) or period(self._partial) * 3 <= length * 2
        if weight(self._partial) >= _WHOLE_ECHO and not repeats:
            self.echoed = True
            return cut
        if self._echoes is None and not repeats:
            return replace(cut, join=Join.MARKED)
        return cut if self._echoes else None

    def _by_loose_echo(self) -> Decision | None:
        """All but the white space at the very end was said again."""
        if self._how is How.RESTART:
            return None
        found = [
            (opening.offset + k, k, end)
            for opening, echo in self._readings
            for k, end in echo.loose
            if weight(self._partial[:end].rstrip()[-k:]) >= max(12, _SOME[self._how])
        ]
        if not found:
            return None
        cut, k, end = max(found)
        if self._asked_for(k):
            return Decision(Join.OVERLAP, end, cut)  # with the white space that the model itself puts there
        return Decision(Join.MARKED, -1, cut)

    def _asked_for(self, k: int) -> bool:
        """Whether the last `k` characters of the old text have all of what the reply was asked to begin with."""
        return bool(self._quoted) and k >= len(self._quoted) and weight(self._quoted) >= _SURE[How.INSTRUCT]

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

    def _look_for_restart(self) -> None:
        """Set `_restart_at` where the answer was begun again in other words."""
        for opening, echo in self._readings:
            if opening.kind is not Kind.FENCE and self._started_over(echo):
                self._restart_at = opening.offset
                break

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
        """The server goes on where the text that was sent ends, so the white space that it was not sent comes first."""
        raw = "".join(self._raw)
        held = self._partial[len(self._partial.rstrip()) :] if self._stripped else ""
        if not raw.startswith(held):
            return Decision(Join.MARKED, -1, len(raw) - len(raw.lstrip()))
        if not self._exact or (not held and self._looks_begun(raw)):
            return Decision(Join.MARKED, -1, len(held))
        self.echoed = False
        return Decision(Join.EXACT, -1, len(held))

    def _looks_begun(self, raw: str) -> bool:
        """A sentence begins where the old text stands in the middle of one: the prefix was taken as a finished turn."""
        before, after = self._partial[-1], raw[:1]
        if self._fence or not after:
            return False
        return after.isupper() and raw[1:2].islower() and (before.islower() or before in ",;")
