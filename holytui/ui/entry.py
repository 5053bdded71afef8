"""One message as lines: heading, folded reasoning, body, and what is to be said beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from textual.content import Content

from holytui.i18n import _, ngettext
from holytui.models import AnswerState, Message, Role
from holytui.ui import format as fmt
from holytui.ui.markdown import MarkdownDocument
from holytui.ui.words import state as state_word

_INDENT = "  "


class Entry:
    """A message of the log. Its lines are cached; unchanged ones stay the same objects."""

    def __init__(self, message: Message, variant: tuple[int, int] = (1, 1)) -> None:
        self.message = message
        self.variant = variant
        """Which of how many: `(2, 3)` is the second of three."""
        self.open = False
        """Whether the reasoning is shown."""
        self._body: MarkdownDocument | None = None
        self._thoughts: MarkdownDocument | None = None
        self._width = 0
        self._lines: list[Content] | None = None
        self._indented: dict[int, tuple[Content, Content]] = {}

    # -- text

    @property
    def body(self) -> MarkdownDocument:
        """The text as a document, parsed when first wanted."""
        if self._body is None:
            self._body = MarkdownDocument()
            self._body.append(self.message.text)
            self._body.set_seams(self.message.seams)
        return self._body

    @property
    def thoughts(self) -> MarkdownDocument:
        """The reasoning as a document."""
        if self._thoughts is None:
            self._thoughts = MarkdownDocument()
            self._thoughts.append(self.message.reasoning)
        return self._thoughts

    def sync(self, text: str, reasoning: str) -> bool:
        """The texts are now these; what was added is appended, anything else laid out anew. Whether it changed."""
        old = self.message
        if text == old.text and reasoning == old.reasoning:
            return False
        if self._body is not None:
            self._body = _grown(self._body, old.text, text)
        if self._thoughts is not None:
            self._thoughts = _grown(self._thoughts, old.reasoning, reasoning)
        self.message = replace(old, text=text, reasoning=reasoning)
        self._lines = None
        return True

    def update(self, message: Message) -> None:
        """The message is now `message`; its documents are kept if its texts are."""
        self.sync(message.text, message.reasoning)
        if self._body is not None and message.seams != self.message.seams:
            self._body.set_seams(message.seams)
        self.message = message
        self._lines = None

    def set_open(self, is_open: bool) -> None:
        """Show or fold the reasoning."""
        self.open = is_open
        self._lines = None

    # -- lines

    def lines(self, width: int) -> list[Content]:
        """All lines for a width in cells; the last one is blank."""
        if self._lines is None or width != self._width:
            if width != self._width:
                self._indented.clear()
            self._width = width
            self._lines = self._build(width)
        return self._lines

    def _build(self, width: int) -> list[Content]:
        room = max(4, width - len(_INDENT))
        lines = [self._heading(width)]
        if self.message.reasoning:
            lines.append(self._fold_line(width))
            if self.open:
                lines += [Content("  │ ").stylize("$text-muted") + line for line in self.thoughts.render(room - 2)]
        if self.message.text:
            lines += self._body_lines(room)
        lines += self._notes(room)
        lines.append(Content(""))
        return lines

    def _body_lines(self, room: int) -> list[Content]:
        if self.message.role is Role.USER:
            return [Content(_INDENT) + line for line in Content(self.message.text.expandtabs(4)).wrap(room)]
        out: list[Content] = []
        fresh: dict[int, tuple[Content, Content]] = {}
        for line in self.body.render(room):
            held = self._indented.get(id(line))
            pair = held if held is not None and held[0] is line else (line, Content(_INDENT) + line)
            fresh[id(line)] = pair
            out.append(pair[1])
        self._indented = fresh
        return out

    def _heading(self, width: int) -> Content:
        message = self.message
        if message.role is Role.USER:
            name, style = _("You"), "bold $secondary"
        elif message.role is Role.SYSTEM:
            name, style = _("System prompt"), "bold $text-muted"
        else:
            name, style = message.model or _("Assistant"), "bold $primary"
        facts = [fmt.moment(message.created_at, datetime.now().astimezone().date())]
        if message.role is Role.ASSISTANT:
            facts += self._facts()
        number, many = self.variant
        if many > 1:
            facts.append(_("variant {number}/{many}").format(number=number, many=many))
        return Content.assemble((name, style), (" · " + " · ".join(facts), "$text-muted")).truncate(
            width, ellipsis=True
        )

    def _facts(self) -> list[str]:
        message = self.message
        facts = []
        if message.duration_s is not None:
            facts.append(fmt.seconds(message.duration_s))
        if message.usage is not None:
            facts.append(fmt.usage(message.usage))
        if message.attempts > 1:
            facts.append(ngettext("{n} attempt", "{n} attempts", message.attempts).format(n=message.attempts))
        if message.finish_reason == "length":
            facts.append(_("length limit reached"))
        return facts

    def _fold_line(self, width: int) -> Content:
        length = _("{count} characters").format(count=fmt.count(len(self.message.reasoning)))
        took = f" · {fmt.seconds(self.message.reasoning_s)}" if self.message.reasoning_s is not None else ""
        arrow = "▾" if self.open else "▸"
        return Content.assemble((f"{_INDENT}{arrow} {_('Reasoning')} · {length}{took}", "$text-muted")).truncate(
            width, ellipsis=True
        )

    def _notes(self, room: int) -> list[Content]:
        """What is to be said beside the message: how it ended, and which key helps."""
        message = self.message
        if message.role is not Role.ASSISTANT:
            return []
        notes: list[tuple[str, str]] = []
        match message.state:
            case AnswerState.FAILED | AnswerState.INTERRUPTED:
                bad = message.state is AnswerState.FAILED
                mark, style = ("✗", "$error") if bad else ("▲", "$warning")
                problem = message.problem
                notes.append((f"{mark} {problem.title if problem else state_word(message.state)}", style))
                if problem and problem.hint:
                    notes.append((problem.hint, "$text-muted"))
            case AnswerState.STOPPED:
                notes.append((_("■ stopped by you; the text so far is kept"), "$text-muted"))
            case AnswerState.COMPLETE if not message.text:
                notes.append((_("The model sent an empty answer."), "$text-muted"))
            case _ if not message.state.final and not message.text:
                notes.append(("…", "$text-muted"))
            case _:
                pass
        out: list[Content] = []
        for text, style in notes:
            out += [Content(_INDENT) + line.stylize(style) for line in Content(text).wrap(room)]
        return out


def _grown(document: MarkdownDocument, old: str, new: str) -> MarkdownDocument | None:
    """The document with what was added; None (to be made anew) if `new` does not begin with `old`."""
    if not new.startswith(old):
        return None
    if len(new) > len(old):
        document.append(new[len(old) :])
    return document
