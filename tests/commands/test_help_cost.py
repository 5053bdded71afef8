"""`holytui --help` takes hardly longer than argparse itself."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SLOW = {"dataclasses", "holytui.text", "json", "logging", "platformdirs", "tomllib", "typing"}
"""Modules that take some milliseconds each."""


@pytest.mark.parametrize("arguments", [["--help"], ["history", "--help"]])
def test_help_imports_nothing_slow(arguments: list[str]) -> None:
    code = "import sys\nfrom holytui.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("usage: holytui")
    assert SLOW.isdisjoint(done.stderr.split())
