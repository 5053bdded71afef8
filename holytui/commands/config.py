"""`holytui config path|init|show`: the configuration file."""

from __future__ import annotations

import argparse
import sys

from holytui import paths
from holytui.config.in_force import read_config
from holytui.config.write import dump, init
from holytui.i18n import _


def run(options: argparse.Namespace) -> int:
    """Do what was asked; returns 0, or 1 if the file has problems (`show`)."""
    file = options.config or paths.config_file()
    match options.what:
        case "path":
            print(file)
        case "init":
            init(file)
            print(_("Written: {file}").format(file=file))
        case _:
            config, _keys, problems = read_config(options.config)
            print(dump(config), end="")
            for problem in problems:
                print(problem, file=sys.stderr)
            return 1 if problems else 0
    return 0
