"""`holytui history export|import`."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TextIO, cast

from holytui.commands import exit_status
from holytui.commands.history.reading import find_conversation
from holytui.commands.output import ExportStream, StatusLine, print_line, print_to_stderr
from holytui.i18n import _, ngettext
from holytui.store.history import History
from holytui.store.transfer.transfer import Format, ImportReport, export, export_file, import_file
from holytui.store.values import OmittedPart

_BAR = 24
_REDRAW = 0.1
"""Seconds between updates of the bar."""


def export_to(history: History, options: argparse.Namespace) -> int:
    """Export the given conversations, or all (archived ones too, oldest first), to a file or stdout."""
    form = Format(options.format)
    if options.ids:
        ids = [find_conversation(history, one).id for one in options.ids]
    else:
        every = [*history.conversations(), *history.conversations(archived=True)]
        ids = [one.id for one in sorted(every, key=lambda one: (one.created_at, one.id))]
    if options.output is None or str(options.output) == "-":
        out = ExportStream(sys.stdout, is_json=form in (Format.JSON, Format.JSONL))
        export(history, ids, form, cast("TextIO", out))
        out.end()
        return exit_status.OK
    count = export_file(history, ids, form, options.output)
    words = ngettext("{count} conversation written to {file}", "{count} conversations written to {file}", count)
    print_to_stderr(words.format(count=count, file=options.output))
    return exit_status.OK


def import_from(history: History, options: argparse.Namespace) -> int:
    """Import a file; return 1 if a part of it could not be read."""
    bar = ProgressBar(StatusLine(sys.stderr))
    try:
        done = import_file(history, options.file, bar.show)
    finally:
        bar.clear()
    for sentence in done.skipped:
        print_to_stderr(_("skipped: {reason}").format(reason=sentence))
    if done.broken > len(done.skipped):
        print_to_stderr(_("and {count} more").format(count=done.broken - len(done.skipped)))
    for note in done.notes:
        print_to_stderr(note)
    if left_out := _left_out(done):
        print_to_stderr(left_out)
    print_line(_summary(done))
    return exit_status.FAILED if done.skipped else exit_status.OK


def _summary(done: ImportReport) -> str:
    read = ngettext("{count} conversation read", "{count} conversations read", done.entries).format(count=done.entries)
    new = _("{conversations} new here, {messages} new messages").format(
        conversations=done.conversations, messages=done.messages
    )
    bad = _("{count} skipped").format(count=done.broken)
    return ", ".join([read, new, *([bad] if done.skipped else [])])


def _left_out(done: ImportReport) -> str:
    """Describe the parts that were not imported; empty without any."""
    counts = {kind: done.left_out.get(kind, 0) for kind in OmittedPart}
    words = {
        OmittedPart.IMAGES: ngettext("{count} image", "{count} images", counts[OmittedPart.IMAGES]),
        OmittedPart.FILES: ngettext("{count} file", "{count} files", counts[OmittedPart.FILES]),
        OmittedPart.THOUGHTS: ngettext(
            "{count} thought without an answer", "{count} thoughts without an answer", counts[OmittedPart.THOUGHTS]
        ),
        OmittedPart.TOOLS: ngettext(
            "{count} call or result of a tool", "{count} calls and results of tools", counts[OmittedPart.TOOLS]
        ),
    }
    parts = [words[kind].format(count=count) for kind, count in counts.items() if count > 0]
    return _("left out, as holytui cannot import it: {parts}").format(parts=", ".join(parts)) if parts else ""


class ProgressBar:
    """The progress of an import on one line of the terminal."""

    def __init__(self, line: StatusLine) -> None:
        self._line = line
        self._due = 0.0

    def show(self, done: ImportReport) -> None:
        """Update the bar, unless that was done just now."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _REDRAW
        full = round(done.share * _BAR)
        bar = "█" * full + "░" * (_BAR - full)
        words = _("{count} conversations, {messages} new messages").format(count=done.entries, messages=done.messages)
        self._line.show(f"{bar} {done.share:4.0%}  {words}")

    def clear(self) -> None:
        """Remove the bar."""
        self._line.clear()
