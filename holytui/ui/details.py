"""How answers came, as lines: every request with its cause and end, then the last answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from holytui.i18n import N_, _, ngettext
from holytui.models import Attempt, Join, Message, Role
from holytui.ui import format as fmt
from holytui.ui.status import sparkline
from holytui.ui.words import cause, state

_JOINS = {
    Join.EXACT: N_("went on exactly"),
    Join.OVERLAP: N_("repeated words cut"),
    Join.MARKED: N_("joined with a mark"),
    Join.RESTART: N_("began again"),
}


def answer_lines(message: Message, attempts: Sequence[Attempt]) -> list[Content]:
    """One answer: its figures, then a row for each request."""
    lines = [
        Content.assemble((message.model or "–", "bold $primary"), f" · {state(message.state)}"),
        Content(_figures(message)),
        Content(""),
        Content.assemble((_row("#", _("began"), _("first"), _("ended"), _("bytes"), "HTTP", _("how it went")), "bold")),
    ]
    lines += [Content(_attempt_row(attempt)) for attempt in attempts]
    if message.problem is not None:
        lines += [Content(""), Content.assemble((message.problem.title, "$error")), Content(message.problem.hint)]
    return lines


def _figures(message: Message) -> str:
    parts = []
    if message.usage is not None:
        parts.append(fmt.usage(message.usage))
        if message.usage.cached:
            parts.append(_("{count} from the cache").format(count=fmt.count(message.usage.cached)))
        if message.usage.reasoning:
            parts.append(_("{count} for reasoning").format(count=fmt.count(message.usage.reasoning)))
    if message.first_token_s is not None:
        parts.append(_("first token after {time}").format(time=fmt.seconds(message.first_token_s)))
    if message.duration_s is not None:
        parts.append(_("{time} in all").format(time=fmt.seconds(message.duration_s)))
    return " · ".join(parts)


def _row(number: str, began: str, first: str, ended: str, size: str, status: str, how: str) -> str:
    return f"{number:>2}  {began:<9} {first:>8} {ended:>8} {size:>9}  {status:>4}  {how}"


def _attempt_row(attempt: Attempt) -> str:
    began = datetime.fromtimestamp(attempt.started_at).astimezone().strftime("%H:%M:%S")
    first = fmt.seconds(attempt.first_token_at - attempt.started_at) if attempt.first_token_at else "–"
    ended = fmt.seconds(attempt.ended_at - attempt.started_at) if attempt.ended_at else "…"
    how = [
        part for part in (attempt.resumed_by, _(_JOINS[attempt.join]) if attempt.join is not Join.FIRST else "") if part
    ]
    if attempt.fault is not None:
        how.append(cause(attempt.fault))
        if attempt.fault.message:
            how.append(attempt.fault.message)
    elif attempt.finish_reason:
        how.append(attempt.finish_reason)
    status = str(attempt.status) if attempt.status else "–"
    return _row(str(attempt.number), began, first, ended, fmt.size(attempt.bytes_received), status, " · ".join(how))


def overview_lines(messages: Sequence[Message]) -> list[Content]:
    """The last answers of a conversation: time to the first token, length, rate, requests; with a plot of each."""
    answers = [message for message in messages if message.role is Role.ASSISTANT and message.duration_s][-20:]
    if not answers:
        return [Content(_("no answer has come here yet"))]
    firsts = [message.first_token_s or 0.0 for message in answers]
    rates = [rate(message) for message in answers]
    lines = [
        Content.assemble(
            (
                ngettext("The last answer", "The last {count} answers", len(answers)).format(count=len(answers)),
                "bold $primary",
            )
        ),
        Content(_("first token  {plot}").format(plot=sparkline(firsts))),
        Content(_("tokens/s     {plot}").format(plot=sparkline(rates))),
        Content(""),
        Content.assemble((_answer_row("", _("first"), _("whole"), "tok/s", _("requests"), _("model")), "bold")),
    ]
    for message, speed in zip(answers, rates, strict=True):
        when = fmt.clock(message.created_at)
        first = fmt.seconds(message.first_token_s) if message.first_token_s is not None else "–"
        whole = fmt.seconds(message.duration_s or 0)
        tries = str(message.attempts)
        lines.append(Content(_answer_row(when, first, whole, fmt.decimal(speed, 0), tries, message.model)))
    return lines


def _answer_row(when: str, first: str, whole: str, speed: str, tries: str, model: str) -> str:
    return f"{when:<6} {first:>8} {whole:>8} {speed:>7} {tries:>9}  {model}"


def rate(message: Message) -> float:
    """Tokens a second after the first one; 0 if it is not known."""
    if message.usage is None or not message.duration_s:
        return 0.0
    return message.usage.output / max(0.1, message.duration_s - (message.first_token_s or 0.0))
