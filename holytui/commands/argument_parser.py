"""An argument parser in the user's language, with safe output.

argparse translates "usage", "options" and its errors by `gettext`, which follows the locale and not `--lang`; so its
translation functions are replaced.
"""

from __future__ import annotations

import argparse
import sys

from holytui.i18n import N_, _, ngettext

TYPE_CHECKING = False  # the import of typing would slow `--help` down
if TYPE_CHECKING:
    from typing import Any, NoReturn

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
"""The messages of argparse that holytui can cause (Python 3.11 to 3.14), for the catalogue."""


def translate_parsers() -> None:
    """Make all parsers use the user's language from now on."""
    vars(argparse).update(_=_, ngettext=ngettext)


class CommandParser(argparse.ArgumentParser):
    """A parser that quotes arguments without control characters. Subcommands get parsers of this class too."""

    color = False
    """Python 3.14 colours help with escape sequences, which cannot be told apart from those of arguments."""

    def error(self, message: str) -> NoReturn:
        """Report an error in the arguments, on one line."""
        from holytui.commands.output import one_line

        super().error(one_line(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write `message`, which has no control characters: they are holytui's own words, or went through `error`."""
        out = file or sys.stderr
        if message.isascii() or (getattr(out, "encoding", None) or "utf-8").lower() == "utf-8":
            super()._print_message(message, out)
        else:
            from holytui.commands.output import write_text

            write_text(message, out)
