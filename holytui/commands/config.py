"""`holytui config path|init|show`: the configuration file."""

from __future__ import annotations

import argparse
import sys

from holytui import paths
from holytui.commands.output import complain, say, say_exact
from holytui.config.in_force import read_config
from holytui.config.write import dump, init
from holytui.i18n import _
from holytui.text import sanitize_line


def run(options: argparse.Namespace) -> int:
    """Do what was asked; returns 0, or 1 if the file has problems (`show`)."""
    file = options.config or paths.config_file()
    match options.what:
        case "path":
            say_exact(str(file))  # alone on stdout, for scripts
            if sys.stdout.isatty():
                complain(_("Conversations: {file}").format(file=sanitize_line(str(paths.history_file()))))
                complain(_("Log: {file}").format(file=sanitize_line(str(paths.log_file()))))
        case "init":
            init(file)
            say(_("Written: {file}").format(file=sanitize_line(str(file))))
        case _:
            config, _keys, problems = read_config(options.config)
            say(dump(config).rstrip("\n"))
            for problem in problems:
                complain(problem)
            return 1 if problems else 0
    return 0
