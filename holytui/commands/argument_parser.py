"""The parser of every command, which writes as all others do, and its words ("usage", "options", its errors) in the
user's language.

argparse looks them up by `gettext`, which heeds the locale alone and not `--lang`; so its look-up is replaced by ours.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from holytui.commands.output import one_line, write_text
from holytui.i18n import N_, _, ngettext

WORDS = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("show program's version number and exit"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("one of the arguments %s is required"),
    N_("not allowed with argument %s"),
    N_("unrecognized arguments: %s"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
    N_("ignored explicit argument %r"),
    N_("invalid %(type)s value: %(value)r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("invalid choice: %(value)r, maybe you meant %(suggestion)r? (choose from %(choices)s)"),
)
"""What argparse can say to a user of holytui (Python 3.11 to 3.14), marked for the catalogue."""


def translate_parsers() -> None:
    """Let all parsers speak the user's language from now on."""
    vars(argparse).update(_=_, ngettext=ngettext)


class CommandParser(argparse.ArgumentParser):
    """What it quotes of arguments cannot do anything to the terminal. Sub-commands get parsers of this class too."""

    color = False
    """Python 3.14 would write help with escape sequences of its own, which are not told from those of arguments."""

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong with the arguments, on one line."""
        super().error(one_line(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            write_text(message, file or sys.stderr)
