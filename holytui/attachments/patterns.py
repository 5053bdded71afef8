"""Patterns of paths: `src/**/*.py`, and the rules of `.gitignore` files."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MAGIC = re.compile(r"[*?\[]")
_MAX_RULES = 100_000
"""Most characters of a `.gitignore` that are read."""


def has_magic(part: str) -> bool:
    """Return whether a text has wildcards."""
    return bool(_MAGIC.search(part))


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A pattern for the names of a relative path; None stands for `**`, any number of names."""

    parts: tuple[re.Pattern[str] | None, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> PathPattern:
        """Compile the names of a pattern, which is split at the slashes."""
        return cls(tuple(None if name == "**" else re.compile(fnmatch.translate(name)) for name in names))

    @property
    def depth(self) -> int | None:
        """The number of names of each path that matches; None if it varies."""
        return None if None in self.parts else len(self.parts)

    def matches(self, names: Sequence[str]) -> bool:
        """Return whether the pattern matches all names of a path."""
        states = self._skipped({0})
        for name in names:
            following = set()
            for state in states:
                if state < len(self.parts):
                    part = self.parts[state]
                    if part is None:
                        following.add(state)
                    elif part.match(name):
                        following.add(state + 1)
            states = self._skipped(following)
        return len(self.parts) in states

    def _skipped(self, states: set[int]) -> set[int]:
        """Add the states that are reached because `**` may match no name."""
        for state in sorted(states):
            after = state
            while after < len(self.parts) and self.parts[after] is None:
                after += 1
                states.add(after)
        return states


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """A line of a `.gitignore` in `folder`."""

    folder: Path
    pattern: PathPattern
    negated: bool
    folders_only: bool

    @classmethod
    def parse(cls, line: str, folder: Path) -> IgnoreRule | None:
        """Parse a line; None for an empty line or a comment."""
        text = line.rstrip()
        if not text or text.startswith("#"):
            return None
        negated = text.startswith("!")
        text = text[negated:].removeprefix("\\")
        names = [name for name in text.split("/") if name]
        anchored = "/" in text.rstrip("/")
        if not names:
            return None
        return cls(folder, PathPattern.of(names if anchored else ["**", *names]), negated, text.endswith("/"))


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that apply in a folder; the last one that matches decides."""

    rules: tuple[IgnoreRule, ...] = ()

    @classmethod
    def above(cls, folder: Path) -> IgnoreRules:
        """Read the rules of the folders above, up to the top of the Git repository; none outside one."""
        parents: list[Path] = []
        for each in (folder, *folder.parents):
            if each != folder:
                parents.append(each)
            if (each / ".git").exists():
                break
        else:
            return cls()
        rules = cls()
        for each in reversed(parents):
            rules = rules.within(each)
        return rules

    def within(self, folder: Path) -> IgnoreRules:
        """Return these rules and those of the `.gitignore` in a folder."""
        try:
            with (folder / ".gitignore").open(encoding="utf-8", errors="replace") as file:
                lines = file.read(_MAX_RULES).splitlines()
        except OSError:
            return self
        added = [rule for line in lines if (rule := IgnoreRule.parse(line, folder)) is not None]
        return IgnoreRules((*self.rules, *added))

    def ignores(self, path: Path, *, is_folder: bool) -> bool:
        """Return whether a file or folder is ignored; its parents are taken as not ignored."""
        for rule in reversed(self.rules):
            if is_folder or not rule.folders_only:
                names = path.relative_to(rule.folder).parts
                if rule.pattern.matches(names):
                    return not rule.negated
        return False
