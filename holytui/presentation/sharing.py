"""The state of the exchange with a shared history, as a text."""

from __future__ import annotations

from datetime import date

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.store.sharing import SharingState, SharingStatus


def describe_sharing(status: SharingStatus, today: date) -> str:
    """Return a few words for the status line; empty until the first try to connect has ended."""
    if status.state is SharingState.CONNECTING:
        return ""
    text = _("shared")
    if status.state is SharingState.OFFLINE:
        text = _("sharing offline since {time}").format(time=fmt.moment(status.since, today))
    if not status.behind:
        return text
    return _("{state} · {count} behind").format(state=text, count=fmt.count(status.behind))
