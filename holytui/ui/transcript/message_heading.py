"""The heading of a message: who wrote it, when, its figures, and the line that folds its reasoning."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from holytui import formatting as fmt
from holytui.i18n import _, ngettext
from holytui.images import left_out_note
from holytui.models import Message, Role
from holytui.text import sanitize_line, visible


def heading(message: Message, variant: tuple[int, int], width: int, label: str = "") -> Content:
    """Author, label, time and figures. `variant` is the position and number of variants."""
    if message.role is Role.USER:
        name, style = _("You"), "bold $secondary"
    elif message.role is Role.SYSTEM:
        name, style = _("System prompt"), "bold $muted"
    else:
        name, style = sanitize_line(message.model) or _("Assistant"), "bold $primary"
    facts = [fmt.moment(message.created_at, datetime.now().astimezone().date())]
    if message.role is Role.ASSISTANT:
        facts += _figures(message)
    number, many = variant
    if many > 1:
        facts.append(_("variant {number}/{many}").format(number=number, many=many))
    mark = f" · ⚑ {visible(label, breaks=False)}" if label else ""
    return Content.assemble((name, style), (mark, "bold $warning"), (" · " + " · ".join(facts), "$muted")).truncate(
        width, ellipsis=True
    )


def _figures(message: Message) -> list[str]:
    facts = []
    if message.duration_s is not None:
        facts.append(fmt.seconds(message.duration_s))
    if message.usage is not None:
        facts.append(fmt.usage(message.usage))
    if message.attempts > 1:
        facts.append(ngettext("{n} attempt", "{n} attempts", message.attempts).format(n=message.attempts))
    if message.left_out:
        facts.append(left_out_note(message.left_out))
    return facts


def reasoning_line(message: Message, width: int, *, is_open: bool) -> Content:
    """The line above the reasoning of an answer, or in its place."""
    length = _("{count} characters").format(count=fmt.count(len(message.reasoning)))
    took = f" · {fmt.seconds(message.reasoning_s)}" if message.reasoning_s is not None else ""
    arrow = "▾" if is_open else "▸"
    words = " ".join((arrow, _("Reasoning"), "·", f"{length}{took}"))
    return Content.assemble((words, "$muted")).truncate(max(1, width), ellipsis=True)
