"""`holytui`: the full screen."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from holytui.commands.output import complain
from holytui.config.in_force import read_config
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.terminal.environ import prepare_environment
from holytui.terminal.hangup import Cause

if TYPE_CHECKING:
    from holytui.bootstrap import Services


def run(options: argparse.Namespace) -> int:
    """Open the screen; returns the exit status."""
    config, keys, problems = read_config(options.config)
    _need_terminal()
    prepare_environment(os.environ)
    gc.disable()  # what is made until the first paint stays, so looking through it for garbage only takes time
    from holytui.commands.attaching import existing
    from holytui.ui.app import HolytuiApp  # Textual reads its environment when it is imported
    from holytui.ui.bindings import shown_keys

    opened: list[Services] = []

    def opening() -> Services:
        # imported off the screen's loop, after its first paint; the second line is what the screen needs then
        from holytui.bootstrap import open_services
        from holytui.ui.chat import wiring  # noqa: F401 - see above

        try:
            opened.append(open_services(config, keys, problems, shown_keys=shown_keys(keys), fall_back=True))
            return opened[0]
        finally:
            gc.freeze()
            gc.enable()

    app = HolytuiApp(
        config,
        keys,
        opening,
        model=options.model or "",
        conversation=options.conversation or "",
        question=" ".join(options.prompt),
        files=existing(options.prompt),
        config_file=options.config,
    )
    from holytui.commands.leaving import Patience, patient

    patience = Patience()

    def left() -> None:
        # what the screen began to write is waited for before its loop ends, after it has let go of the terminal
        if app.hung_up is None and opened:
            patience.begin(opened[0].history)

    app.on_exit = left
    app.run(mouse=config.ui.mouse)
    for services in opened:
        with patient(services.history, patience) if app.hung_up is None else nullcontext():
            app.keep_unsent(services)
            _end(services, app.hung_up, config.stream.finish_after_hangup)
    return app.return_code or 0


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):  # Textual writes to stderr
        raise HolytuiError(
            _("The full screen needs a terminal"), _("In a pipe or script use: holytui ask “your question”")
        )
    if os.environ.get("TERM") == "dumb":
        raise HolytuiError(
            _("This terminal cannot show a full screen (TERM is dumb)"), _("For plain lines use: holytui --plain")
        )


def _end(services: Services, cause: Cause | None, seconds: float) -> None:
    """After the screen: let what is on its way come in if the terminal is gone; else stop it, and keep its text."""
    if cause is not None:
        from holytui.ui.lifecycle.hangup import finish

        finish(services, cause, seconds, complain)
    else:
        from holytui.ui.lifecycle import outbox

        lost = services.is_temporary and services.history.conversations()
        outbox.keep(services)
        services.close()
        if lost:
            gone = _("nothing was kept, as the history could not be opened")
            complain(gone)
