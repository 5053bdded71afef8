"""Texts about a sync."""

from __future__ import annotations

from holytui.formatting import seconds, size, whole
from holytui.i18n import _, ngettext
from holytui.store.replica.records import Applied
from holytui.sync.exchange import NOTHING, Progress
from holytui.sync.run import Report


def describe_progress(progress: Progress) -> str:
    """Describe the changes that a sync has received and sent so far."""
    received, sent = progress.received, progress.sent
    parts = []
    if received != NOTHING:
        parts.append(_("received {changes}").format(changes=_changes(received)))
    if sent != NOTHING:
        parts.append(_("sent {changes}").format(changes=_changes(sent)))
    return " · ".join(parts) or _("nothing new")


def describe_report(report: Report) -> str:
    """Describe a finished sync on one line."""
    progress = report.progress
    parts = [
        describe_progress(progress),
        f"↑ {size(report.bytes_sent)} ↓ {size(report.bytes_received)}",
        seconds(report.seconds),
    ]
    if progress.differing:
        repaired = ngettext("{count} difference repaired", "{count} differences repaired", progress.differing)
        parts.append(repaired.format(count=progress.differing))
    return " · ".join(parts)


def _changes(done: Applied) -> str:
    messages = ngettext("{number} message", "{number} messages", done.messages)
    talks = ngettext("in {number} conversation", "in {number} conversations", done.conversations)
    if not done.messages:
        talks = ngettext("changes of {number} conversation", "changes of {number} conversations", done.conversations)
        return talks.format(number=whole(done.conversations))
    return f"{messages.format(number=whole(done.messages))} {talks.format(number=whole(done.conversations))}"
