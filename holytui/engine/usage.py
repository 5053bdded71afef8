"""Token usage of an answer over all attempts, estimated where the server reports none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

from holytui.models import Image, Usage

_LATIN = 4.0
_ACCENTED = 2.5
_IDEOGRAPHS = 1.2
_PART = 1 << 14
"""Characters counted at a time."""


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of `text`: one per 4 plain characters, 2.5 accented ones or 1.2 ideographs.

    Tokenizers are trained mostly on English; one accented letter splits the word around it, so the rate depends on the
    share of accented letters.
    """
    if not text:
        return 0
    return _estimate(len(text), *_wide_and_accented(text))


def _wide_and_accented(text: str) -> tuple[int, int]:
    """The number of ideographs, and of accented letters."""
    wide = beyond_ascii = 0
    if not text.isascii():
        for at in range(0, len(text), _PART):  # in parts, as no other thread runs during `sum`
            part = text[at : at + _PART]
            wide += sum(map("\u2e80".__le__, part))
            beyond_ascii += sum(map("\x80".__le__, part))
    return wide, beyond_ascii - wide


def _estimate(length: int, wide: int, accented: int) -> int:
    narrow = length - wide
    share = min(1.0, accented / narrow * 4) if narrow else 0.0
    per_token = _LATIN + (_ACCENTED - _LATIN) * share
    return max(1, round(narrow / per_token + wide / _IDEOGRAPHS))


class ReceivedTokens:
    """Counts the tokens of a stream without keeping its text."""

    def __init__(self) -> None:
        self._pieces = self._length = self._wide = self._accented = 0

    def add(self, piece: str) -> None:
        """Count a piece."""
        self._pieces += 1
        self._length += len(piece)
        wide, accented = _wide_and_accented(piece)
        self._wide += wide
        self._accented += accented

    @property
    def lower_bound(self) -> int:
        """A lower bound of the tokens: a piece has at least one, unless a gateway sends single characters."""
        if self._length >= 2 * self._pieces:
            return self._pieces
        return min(self._pieces, _estimate(self._length, self._wide, self._accented))


def image_tokens(image: Image) -> int:
    """Estimate the tokens of `image`: 85, plus 170 per tile of 512×512 pixels.

    The image is first scaled into 2048×2048 with a shorter side of at most 768. This is the rule of OpenAI's GPT-4o
    family (https://platform.openai.com/docs/guides/images-vision#calculating-costs); other vendors count amounts of the
    same order.
    """
    longer, shorter = max(image.width, image.height), max(1, min(image.width, image.height))
    scale = min(1.0, 2048 / max(1, longer), 768 / shorter)
    return 85 + 170 * ceil(longer * scale / 512) * ceil(shorter * scale / 512)


@dataclass(frozen=True, slots=True)
class Tally:
    """Usage of one answer so far; methods return a new value."""

    before: Usage | None = None
    """Usage of earlier turns of the same answer."""
    reported: Usage = field(default_factory=Usage)
    received: int = 0
    """Lower bound of the tokens received in attempts without reported usage."""
    attempts_reported: int = 0
    attempts_unreported: int = 0
    """Accepted attempts without reported usage."""

    def with_attempt(self, usage: Usage | None, *, accepted: bool, received: int = 0) -> Tally:
        """Add a finished attempt in which at least `received` tokens arrived."""
        if usage is not None:
            if self.attempts_reported and (usage.cost is None) != (self.reported.cost is None):
                usage = replace(usage, at_least=True)  # the cost of one of the attempts is unknown
            return replace(self, reported=self.reported + usage, attempts_reported=self.attempts_reported + 1)
        return replace(self, attempts_unreported=self.attempts_unreported + accepted, received=self.received + received)

    def so_far(self, running: Usage) -> Usage:
        """The total including the usage of the current attempt."""
        return self._with_lower_bound((self.before or Usage()) + self.reported + Usage(output=self.received) + running)

    def total(self, prompt_tokens: int, text: str, reasoning: str) -> Usage | None:
        """The total; estimated from the texts if no attempt reported usage; None if nothing was used."""
        if self.attempts_reported:
            return self._with_lower_bound((self.before or Usage()) + self.reported + Usage(output=self.received))
        if not self.attempts_unreported:
            return self.before
        if self.before is not None:
            return replace(self.before, at_least=True)
        thought = estimate_tokens(reasoning)
        counted = Usage(
            prompt_tokens * self.attempts_unreported, estimate_tokens(text) + thought, reasoning=thought, estimated=True
        )
        return replace(counted, at_least=self.attempts_unreported > 1)

    def _with_lower_bound(self, usage: Usage) -> Usage:
        return replace(usage, at_least=True) if self.attempts_unreported else usage
