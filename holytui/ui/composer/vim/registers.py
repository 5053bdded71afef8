"""Registers: the texts that operators take and `p` inserts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

CLIPBOARD = "+*"
"""Names of the register that is also copied to the clipboard."""
_DELETED = "123456789"


@dataclass(frozen=True, slots=True)
class RegisterText:
    """The text of a register."""

    text: str
    """Without the line end of the last line."""
    is_lines: bool = False
    """Whether these are whole lines."""


@dataclass(frozen=True, slots=True)
class Registers:
    """All registers. The name "" is the unnamed one: what was taken last."""

    texts: Mapping[str, RegisterText] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str) -> RegisterText | None:
        """The text of a register; capital letters name those of small letters."""
        return self.texts.get("" if name == '"' else _canonical(name))

    def yanked(self, name: str, taken: RegisterText) -> Registers:
        """With a text that was yanked into `name`; "" is also register 0."""
        return self._stored(name or "0", taken)

    def deleted(self, name: str, taken: RegisterText, *, is_large: bool) -> Registers:
        """With a text that was deleted: into `name`, and a large one (of several lines) into 1, which shifts 1 to 8."""
        if name == "_":
            return self
        result = self._stored(name, taken) if name not in ("", '"') else self
        latest = result.get(name) if name not in ("", '"') else taken
        texts = dict(result.texts)
        if is_large:
            for older, newer in zip(reversed(_DELETED[1:]), reversed(_DELETED[:-1]), strict=True):
                if newer in texts:
                    texts[older] = texts[newer]
            texts["1"] = taken
        elif not name:
            texts["-"] = taken
        if latest is not None:
            texts[""] = latest
        return replace(self, texts=MappingProxyType(texts))

    def _stored(self, name: str, taken: RegisterText) -> Registers:
        if name == "_":
            return self
        before = self.get(name) if name.isupper() else None
        if before is not None:
            taken = _appended(before, taken)
        key = "0" if name == '"' else _canonical(name)
        return replace(self, texts=MappingProxyType({**self.texts, key: taken, "": taken}))


def _canonical(name: str) -> str:
    return "+" if name == "*" else name.lower()


def _appended(before: RegisterText, taken: RegisterText) -> RegisterText:
    is_lines = before.is_lines or taken.is_lines
    return RegisterText(before.text + ("\n" if is_lines else "") + taken.text, is_lines)
