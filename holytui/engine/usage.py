"""Tokens of an answer over all its attempts, and an estimate where a server tells none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

from holytui.models import Image, Usage

_LATIN = 4.0
_ACCENTED = 2.5
_IDEOGRAPHS = 1.2


def estimate_tokens(text: str) -> int:
    """Roughly how many tokens `text` has: one for 4 plain characters, 2.5 accented ones, 1.2 ideographs.

    Tokenizers are made mostly of English text; one accented letter makes the word around it fall apart, so a text
    counts as accented by the share of letters that are.
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
    """At least so many tokens came in `pieces` pieces that add up to `text`.

    A piece of a stream is a token or more, except where a gateway sends single characters.
    """
    return pieces if len(text) >= 2 * pieces else min(pieces, estimate_tokens(text))


def image_tokens(image: Image) -> int:
    """Roughly what a model counts for `image`: 85, and 170 for each tile of 512×512 pixels that it takes once it was
    made to fit into 2048×2048, with a shorter side of at most 768.

    So OpenAI says of its GPT-4o family (https://platform.openai.com/docs/guides/images-vision#calculating-costs); what
    others count for the same picture is mostly of that order.
    """
    longer, shorter = max(image.width, image.height), max(1, min(image.width, image.height))
    scale = min(1.0, 2048 / max(1, longer), 768 / shorter)
    return 85 + 170 * ceil(longer * scale / 512) * ceil(shorter * scale / 512)


@dataclass(frozen=True, slots=True)
class Tally:
    """Usage of one answer so far; every method gives a new value."""

    before: Usage | None = None
    """Of earlier turns of the same answer."""
    reported: Usage = field(default_factory=Usage)
    received: int = 0
    """Tokens that came at least in attempts of which no figures came."""
    attempts_reported: int = 0
    attempts_unreported: int = 0
    """Attempts that the server had accepted and of which no figures came."""

    def with_attempt(self, usage: Usage | None, *, accepted: bool, received: int = 0) -> Tally:
        """An attempt is over; at least `came` tokens of it were received."""
        if usage is not None:
            return replace(self, reported=self.reported + usage, attempts_reported=self.attempts_reported + 1)
        return replace(self, attempts_unreported=self.attempts_unreported + accepted, received=self.received + received)

    def so_far(self, running: Usage) -> Usage:
        """With the figures of the attempt that is under way."""
        return self._with_lower_bound((self.before or Usage()) + self.reported + Usage(output=self.received) + running)

    def total(self, prompt_tokens: int, text: str, reasoning: str) -> Usage | None:
        """All of it; estimated from the texts when no attempt told anything; None when nothing was used."""
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
