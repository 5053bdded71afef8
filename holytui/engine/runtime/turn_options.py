"""What is asked for one turn of an answer, beside its question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """Options of a turn; they are not stored."""

    by_user: bool = False
    """The user asked to resume the answer."""
    over_limit: bool = False
    """Send it although a limit of spending is reached."""
    answer_schema: Mapping[str, object] | None = None
    """JSON schema that the answer is to match."""
