"""`holytui`: the full screen."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from holytui.commands.output import print_to_stderr
from holytui.config.load import read_config
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.terminal.environ import prepare_environment
from holytui.terminal.hangup import Cause

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from holytui.bootstrap import Services


def run(options: argparse.Namespace) -> int:
    """Open the full screen; return the exit status."""
    config, keys, problems = read_config(options.config)
    _need_terminal()
    folder = _memory_folder() if options.no_save else None
    prepare_environment(os.environ)
    gc.disable()  # objects created before the first paint stay alive, so collections would only take time
    from holytui.commands.attachments import existing_files
    from holytui.ui.app import HolytuiApp  # Textual reads its environment when it is imported
    from holytui.ui.bindings import shown_keys

    opened: list[Services] = []
    guide_keys = shown_keys(keys)
    """Names of the keys, which the guide's answers follow when they are changed."""

    def open_all() -> Services:
        # imported on a thread after the first paint; the second import is for the screen
        from holytui.bootstrap import open_services
        from holytui.ui.chat import wiring  # noqa: F401 - see above
        from holytui.ui.lifecycle.garbage import defer_full_collections

        try:
            opened.append(
                open_services(
                    config,
                    keys,
                    problems,
                    shown_keys=guide_keys,
                    save=folder is None,
                    folder=folder,
                    fall_back=True,
                    share=True,
                )
            )
            return opened[0]
        finally:
            gc.freeze()
            defer_full_collections()
            gc.enable()

    app = HolytuiApp(
        config,
        keys,
        open_all,
        model=options.model or "",
        conversation=options.conversation or "",
        question=" ".join(options.prompt),
        files=existing_files(options.prompt),
        config_file=options.config,
        problems=problems,
        memory_folder=None if folder is None else Path(folder.name),
    )
    from holytui.commands.closing import PatientClose, close_patiently

    patience = PatientClose()

    def on_exit() -> None:
        # the loop waits for pending writes after the terminal is restored
        if app.hung_up is None and opened:
            patience.begin(opened[0].history)

    app.on_exit = on_exit
    app.live.subscribe(lambda change: guide_keys.update(shown_keys(change.after.keymap)))
    app.run(mouse=config.ui.mouse)
    try:
        for services in opened:
            with close_patiently(services.history, patience) if app.hung_up is None else nullcontext():
                app.keep_unsent(services)
                _end(services, app.hung_up, app.live.config.stream.finish_after_hangup)
    finally:
        _leave(app.text_to_leave())
    return app.return_code or 0


def _leave(text: str) -> None:
    """Write `text` into the terminal's scrollback, unless output goes elsewhere."""
    if text and sys.stdout.isatty():
        from holytui.ui.lifecycle.leaving import print_left

        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # it is a text file
        print_left(text, sys.stdout)


def _memory_folder() -> TemporaryDirectory[str]:
    from holytui.store.memory_folder import make_memory_folder

    return make_memory_folder(os.environ)


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
    """Complete the answers if the terminal is lost (for `seconds`); else stop them and keep their text."""
    if cause is not None:
        from holytui.ui.lifecycle.hangup import finish

        finish(services, cause, seconds, print_to_stderr)
    else:
        from holytui.ui.lifecycle import outbox

        unsaved = services.is_temporary and services.saving and services.history.conversations()
        outbox.keep(services)
        services.close()
        if unsaved:
            print_to_stderr(_("nothing was saved, as the history could not be opened"))
