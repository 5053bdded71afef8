"""`holytui config path|init|show`: the configuration file."""

from __future__ import annotations

import argparse
import sys

from holytui import paths
from holytui.commands.output import print_line, print_raw, print_to_stderr
from holytui.config.load import read_config
from holytui.config.write import dump, init
from holytui.i18n import _
from holytui.text import sanitize_line


def run(options: argparse.Namespace) -> int:
    """Run the subcommand; return 0, or 1 if the file has problems (`show`)."""
    file = options.config or paths.config_file()
    match options.what:
        case "path":
            print_raw(str(file))  # stdout has nothing else, for scripts
            if sys.stdout.isatty():
                print_to_stderr(_("Conversations: {file}").format(file=sanitize_line(str(paths.history_file()))))
                print_to_stderr(_("Log: {file}").format(file=sanitize_line(str(paths.log_file()))))
        case "init":
            init(file)
            print_line(_("Written: {file}").format(file=sanitize_line(str(file))))
        case _:
            config, _keys, problems = read_config(options.config)
            print_line(dump(config).rstrip("\n"))
            for problem in problems:
                print_to_stderr(problem)
            return 1 if problems else 0
    return 0
