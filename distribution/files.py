"""Paths of the generated files below the prefix of an installation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PROGRAM = "holytui"
COMPLETIONS: Mapping[str, str] = MappingProxyType(
    {
        "bash": f"share/bash-completion/completions/{PROGRAM}",
        "zsh": f"share/zsh/site-functions/_{PROGRAM}",
        "fish": f"share/fish/vendor_completions.d/{PROGRAM}.fish",
    }
)
"""By shell."""
MAN_PAGE = f"share/man/man1/{PROGRAM}.1"
