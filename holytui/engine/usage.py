"""Token usage of an answer over all attempts, estimated where the server reports none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

from holytui.models import Image, Usage

_LATIN = 4.0
_ACCENTED = 2.5
_IDEOGRAPHS = 1.2


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of `text`: one per 4 plain characters, 2.5 accented ones or 1.2 ideographs.

    Tokenizers are trained mostly on English; one accented letter splits the word around it, so the rate depends on the
    share of accented letters.
    """
    if not text:
        return 0
    wide = sum(1 for char in text if char >= "\u2e80")
    accented = sum(1 for char in text if "\x80" <= char < "\u2e80")
    narrow = len(text) - wide
    share = min(1.0, accented / narrow * 4) if narrow else 0.0
    per_token = _LATIN + (_ACCENTED - _LATIN) * share
    return max(1, round(narrow / per_token + wide / _IDEOGRAPHS))


def tokens_received(pieces: int, text: str) -> int:
    """A lower bound of the tokens in `pieces` pieces that add up to `text`.

    A piece of a stream has at least one token, unless a gateway sends single characters.
    """
    return pieces if len(text) >= 2 * pieces else min(pieces, estimate_tokens(text))


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
