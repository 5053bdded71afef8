"""Lines of a check: findings with their group and the model they are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holytui.engine.check.findings import CheckGroup, CheckTopic, Finding, FindingStatus
from holytui.secret import scrub
from holytui.text import sanitize_line

STATUSES = {
    FindingStatus.OK: "ok",
    FindingStatus.WARNING: "warning",
    FindingStatus.FAILED: "failed",
    FindingStatus.SKIPPED: "skipped",
}
"""Names of the statuses for scripts."""

Begin = Callable[[CheckTopic], None]
"""Called before a step."""


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """One line of a check."""

    group: CheckGroup
    finding: Finding
    model: str = ""
    """`provider/model` for a line about a connection."""

    def as_json(self) -> dict[str, str]:
        """Return the line for scripts; names and statuses are stable and not translated."""
        found = self.finding
        line = {
            "group": self.group.name.lower(),
            "name": found.topic.name.lower(),
            "status": STATUSES[found.status],
            "text": scrub(sanitize_line(found.text)),
            "next_step": scrub(" ".join(map(sanitize_line, found.hints))),
        }
        return {**line, "model": self.model} if self.model else line


def has_failed(entries: Sequence[CheckEntry]) -> bool:
    """Whether one of the lines has failed; warnings do not count."""
    return any(each.finding.status is FindingStatus.FAILED for each in entries)
