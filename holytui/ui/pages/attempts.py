"""The attempts of one answer, as lines."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from holytui import formatting
from holytui.engine import ending
from holytui.hints import KEYLESS
from holytui.i18n import N_, _
from holytui.models import REATTACHED, Attempt, Join, Message
from holytui.presentation.labels import cause, state
from holytui.store.assembly import SeamContext
from holytui.text import sanitize_line, visible
from holytui.ui.pages.columns import hanging

_JOINS = {
    Join.EXACT: N_("continued exactly"),
    Join.OVERLAP: N_("repeated words removed"),
    Join.MARKED: N_("joined with a mark"),
    Join.RESTART: N_("started again"),
}


_SIDE = 400
"""Characters of each side of a seam."""


def answer_lines(
    message: Message, attempts: Sequence[Attempt], seam_contexts: Sequence[SeamContext], host: str, width: int
) -> list[Content]:
    """One answer: its figures, a row for each request, both sides of each of `seam_contexts`; each line at most `width`
    cells. `host` is the name of the other machine that the answer comes from, or empty."""
    paragraphs = [
        Content.assemble(
            (sanitize_line(message.model) or "–", "bold $primary"), f" · {state(message.state)}", _from_host(host)
        ),
        Content(_figures(message)),
        Content(""),
    ]
    lines = [line for paragraph in paragraphs for line in paragraph.wrap(width)]
    head = _row("#", _("began"), _("first"), _("ended"), _("bytes"), "HTTP")
    lines += [line.stylize("bold") for line in hanging(Content(head), _("how it went"), width)]
    for attempt in attempts:
        lines += hanging(Content(_attempt_row(attempt)), _how(attempt), width)
    if message.problem is not None:
        title, hint = visible(message.problem.title), visible(KEYLESS.render(message.problem.hint))
        problem_lines = [Content(""), Content.assemble((title, "$error")), Content(hint)]
        lines += [line for paragraph in problem_lines for line in paragraph.wrap(width)]
    for doubt in ending.describe_doubts(ending.Ending.of(message)):
        lines += [Content(""), *Content.assemble((doubt.title, "$warning")).wrap(width)]
    for joint in seam_contexts:
        lines += _sides(joint, width)
    return lines


def _from_host(host: str) -> str:
    return " · " + _("from {host}").format(host=sanitize_line(host)) if host else ""


def _sides(joint: SeamContext, width: int) -> list[Content]:
    """Both sides of a seam; removed text is muted."""
    cut = joint.after[: joint.attempt.cut]
    shown = joint.after[len(cut) :][:_SIDE]
    before = Content(f"{'…' if len(joint.before) > _SIDE else ''}{joint.before[-_SIDE:]}")
    cut_away = f"{'…' if len(cut) > _SIDE else ''}{cut[-_SIDE:]}"
    more = "…" if len(joint.after) > len(cut) + _SIDE else ""
    after = Content.assemble((cut_away, "$muted strike"), f"{shown}{more}")
    lines = [Content("")]
    heads = _("Before request {number}:"), _("After request {number} (struck out: removed):")
    for head, side in zip(heads, (before, after), strict=True):
        lines += Content.assemble((head.format(number=joint.attempt.number), "bold")).wrap(width)
        lines += [Content("  ") + line for line in side.wrap(max(1, width - 2))]
    return lines


def _figures(message: Message) -> str:
    parts = []
    if message.usage is not None:
        parts.append(formatting.usage(message.usage))
        if message.usage.cached:
            parts.append(_("{count} from the cache").format(count=formatting.count(message.usage.cached)))
        if message.usage.cache_written:
            parts.append(_("{count} written to the cache").format(count=formatting.count(message.usage.cache_written)))
        if message.usage.reasoning:
            parts.append(_("{count} for reasoning").format(count=formatting.count(message.usage.reasoning)))
        if message.usage.cost is not None:
            mark = formatting.inexact_mark(at_least=message.usage.at_least, estimated=message.usage.estimated)
            parts.append(_("cost {amount}").format(amount=mark + formatting.cost(message.usage.cost)))
    if message.first_token_s is not None:
        parts.append(_("first token after {time}").format(time=formatting.seconds(message.first_token_s)))
    if message.duration_s is not None:
        parts.append(_("{time} in all").format(time=formatting.seconds(message.duration_s)))
    return " · ".join(parts)


def _row(number: str, began: str, first: str, ended: str, size: str, status: str) -> str:
    return f"{number:>2}  {began:<9} {first:>8} {ended:>8} {size:>9}  {status:>4}  "


def _attempt_row(attempt: Attempt) -> str:
    began = formatting.local(attempt.started_at).strftime("%H:%M:%S")
    first = formatting.seconds(attempt.first_token_at - attempt.started_at) if attempt.first_token_at else "–"
    ended = formatting.seconds(attempt.ended_at - attempt.started_at) if attempt.ended_at else "…"
    status = str(attempt.status) if attempt.status else "–"
    return _row(str(attempt.number), began, first, ended, formatting.size(attempt.bytes_received), status)


def _how(attempt: Attempt) -> str:
    joined = _(_JOINS[attempt.join]) if attempt.join is not Join.FIRST else ""
    how = [part for part in (attempt.resumed_by, joined) if part]
    if attempt.resumed_by == REATTACHED:
        how = [_("reattached, exact")]
    if attempt.fault is not None:
        how.append(cause(attempt.fault))
        if attempt.fault.message:
            how.append(attempt.fault.message)
    elif attempt.finish_reason:
        how.append(attempt.finish_reason)
    return " · ".join(how)
