"""The command line; everything heavy is imported after the arguments are read."""

from __future__ import annotations


def main() -> int:
    """Run holytui; returns the exit status."""
    return 0
