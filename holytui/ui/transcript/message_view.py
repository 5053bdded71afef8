"""One message as lines: heading, folded reasoning, body, and what is to be said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from textual.content import Content

from holytui import formatting as fmt
from holytui.engine import ending
from holytui.hints import KEYLESS, ActionNames, sentences
from holytui.i18n import _, ngettext
from holytui.images import describe, left_out_note
from holytui.models import AnswerState, Message, Role
from holytui.presentation.labels import state as state_word
from holytui.store.transfer.markdown import damage
from holytui.text import sanitize_line, visible
from holytui.ui.markdown import MarkdownDocument, Spent, within
from holytui.ui.markdown.row import Row
from holytui.ui.markdown.wrap import Line
from holytui.ui.transcript.folded_question import QuestionText

_INDENT = "  "
_THOUGHT = "  │ "
_SHARE = 0.01
"""Seconds that the first lines of a text may take; the rest comes with `advance`, so that no key is kept waiting."""


def _share() -> Spent:
    return within(_SHARE)


class MessageView:
    """A message of the log. Its lines are cached; unchanged ones stay the same objects."""

    def __init__(self, message: Message, variant: tuple[int, int] = (1, 1)) -> None:
        self.message = message
        self.variant = variant
        """Which of how many: `(2, 3)` is the second of three."""
        self.above = ""
        """What is said between the message before and this one."""
        self.open = False
        """Whether what can be folded is shown: the reasoning of an answer, a long question."""
        self._names = KEYLESS
        self._named = False
        """Whether a note, as it is laid out, may name a key."""
        self.text_width = 0
        """Cells that lines of text have at most, but for code and tables; 0: as many as there are."""
        self._body: MarkdownDocument | None = None
        self._thoughts: MarkdownDocument | None = None
        self._width = 0
        self._laid_out = False
        self._question = QuestionText(message.text) if message.role is not Role.ASSISTANT else None
        self._asked: Sequence[Row] = ()
        self._head: list[Row] = []
        self._tail: list[Row] = []

    # -- text

    @property
    def body(self) -> MarkdownDocument:
        """The text as a document, parsed when first wanted."""
        if self._body is None:
            self._body = self._document(self.message.text)
            self._body.set_seams(self.message.seams)
            if self.message.state.final:
                self._body.close()
        return self._body

    @property
    def thoughts(self) -> MarkdownDocument:
        """The reasoning as a document."""
        if self._thoughts is None:
            self._thoughts = self._document(self.message.reasoning)
        return self._thoughts

    def _document(self, text: str) -> MarkdownDocument:
        document = MarkdownDocument(text, _share)
        document.text_width = self.text_width
        return document

    def sync(self, text: str, reasoning: str) -> bool:
        """The texts are now these; what was added is appended, anything else laid out anew. Whether it changed."""
        old = self.message
        if text == old.text and reasoning == old.reasoning:
            return False
        if self._body is not None:
            self._body = _grown(self._body, old.text, text)
        if self._thoughts is not None:
            self._thoughts = _grown(self._thoughts, old.reasoning, reasoning)
        if self._question is not None:
            self._question = QuestionText(text)
        self.message = replace(old, text=text, reasoning=reasoning)
        if reasoning != old.reasoning or not old.text:
            self._laid_out = False
        return True

    def update(self, message: Message) -> None:
        """The message is now `message`; its documents are kept if its texts are."""
        self.sync(message.text, message.reasoning)
        if self._body is not None and message.seams != self.message.seams:
            self._body.set_seams(message.seams)
        # of the same text one copy: that which the documents hold
        self.message = replace(message, text=self.message.text, reasoning=self.message.reasoning)
        if self._body is not None and message.state.final:
            self._body.close()
        self._laid_out = False

    def set_above(self, words: str) -> None:
        """Say something between the message before and this one."""
        self.above = words
        self._laid_out = False

    def name_keys(self, names: ActionNames) -> None:
        """How hints name actions from now on."""
        if names is not self._names:
            self._names = names
            if self._named or (self._question is not None and self._question.long):
                self._laid_out = False

    def set_open(self, is_open: bool) -> None:
        """Show or fold what can be folded."""
        self.open = is_open
        self._laid_out = False

    def folds(self, width: int) -> bool:
        """Whether there is something that can be folded, at a width in cells."""
        self._fit(width)
        return bool(self.message.reasoning) or (self._question is not None and self._question.long)

    def find(self, width: int, places: Sequence[int]) -> int:
        """The line that has the first of `places` in the text, or one close to it; if some of a question's are folded
        away, of these, unfolded."""
        self._fit(width)
        if not places:
            return 0
        if self._question is None:
            return len(self._head) + self._thought_height() + self.body.line_near(self._room, min(places))
        hidden = [place for place in places if self._question.hides(place)]
        if hidden:
            self.set_open(True)
            self._fit(width)
        return len(self._head) + self._question.row_of(min(hidden or places))

    # -- lines

    def height(self, width: int) -> int:
        """The number of lines for a width in cells."""
        self._fit(width)
        return len(self._head) + self._thought_height() + self._body_height() + len(self._tail)

    def line(self, width: int, y: int) -> Row:
        """Line `y` of `height(width)`; the same content object as long as it looks the same."""
        self._fit(width)
        if y < len(self._head):
            return self._head[y]
        y -= len(self._head)
        if y < self._thought_height():
            return _row(self.thoughts.line(self._thought_room, y), _THOUGHT)
        y -= self._thought_height()
        if y < self._body_height():
            if self._question is not None:
                return replace(self._asked[y], gutter=_INDENT)
            return _row(self.body.line(self._room, y), _INDENT)
        return self._tail[y - self._body_height()]

    def behind(self, width: int) -> bool:
        """Whether text waits for `advance`."""
        if self._question is not None:
            return False
        self._fit(width)
        shown = self.open and bool(self.message.reasoning)
        return (shown and self.thoughts.behind(self._thought_room)) or (
            bool(self.message.text) and self.body.behind(self._room)
        )

    def advance(self, width: int, spent: Spent) -> None:
        """Lay out more of what waits, until `spent`."""
        if self._question is not None:
            return
        self._fit(width)
        if self.open and self.message.reasoning:
            self.thoughts.advance(self._thought_room, spent)
        if self.message.text and not spent():
            self.body.advance(self._room, spent)

    def _fit(self, width: int) -> None:
        if width == self._width and self._laid_out:
            return
        self._width = width
        self._laid_out = True
        if self._question is not None:
            # its command would act on the last message, and this may be another
            key = self._names.keys.get("message.reasoning", "")
            self._asked = self._question.rows(self._text_room, is_open=self.open, key=key)
        self._head = self._head_rows(width)
        self._tail = [*_image_rows(self.message, self._text_room), *self._notes(self._text_room), Row(Content(""), "")]

    @property
    def _room(self) -> int:
        return max(4, self._width - len(_INDENT))

    @property
    def _thought_room(self) -> int:
        return max(4, self._width - len(_THOUGHT))

    def _thought_height(self) -> int:
        return self.thoughts.height(self._thought_room) if self.open and self.message.reasoning else 0

    @property
    def _text_room(self) -> int:
        return min(self._room, self.text_width or self._room)

    def _body_height(self) -> int:
        if self._question is not None:
            return len(self._asked)
        return self.body.height(self._room) if self.message.text else 0

    def _head_rows(self, width: int) -> list[Row]:
        rows = [Row(self._heading(width), "")]
        if self.above:
            rule = Content.assemble((f"── {sanitize_line(self.above)} ──", "$muted")).truncate(
                max(1, width), ellipsis=True
            )
            rows = [Row(rule, ""), Row(Content(""), ""), *rows]
        if self.message.reasoning:
            rows.append(Row(self._fold_line(width - len(_INDENT)), _INDENT))
        return rows

    def _heading(self, width: int) -> Content:
        message = self.message
        if message.role is Role.USER:
            name, style = _("You"), "bold $secondary"
        elif message.role is Role.SYSTEM:
            name, style = _("System prompt"), "bold $muted"
        else:
            name, style = sanitize_line(message.model) or _("Assistant"), "bold $primary"
        facts = [fmt.moment(message.created_at, datetime.now().astimezone().date())]
        if message.role is Role.ASSISTANT:
            facts += self._facts()
        number, many = self.variant
        if many > 1:
            facts.append(_("variant {number}/{many}").format(number=number, many=many))
        return Content.assemble((name, style), (" · " + " · ".join(facts), "$muted")).truncate(width, ellipsis=True)

    def _facts(self) -> list[str]:
        message = self.message
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

    def _fold_line(self, width: int) -> Content:
        length = _("{count} characters").format(count=fmt.count(len(self.message.reasoning)))
        took = f" · {fmt.seconds(self.message.reasoning_s)}" if self.message.reasoning_s is not None else ""
        arrow = "▾" if self.open else "▸"
        words = " ".join((arrow, _("Reasoning"), "·", f"{length}{took}"))
        return Content.assemble((words, "$muted")).truncate(max(1, width), ellipsis=True)

    def _notes(self, room: int) -> list[Row]:
        """What is to be said beside the message: how it ended, and which key helps."""
        message = self.message
        notes: list[tuple[str, str]] = []
        self._named = False

        def hint(text: str) -> None:
            self._named = self._named or bool(text)
            notes.append((self._names.render(text), "$muted"))

        if message.repaired:
            notes.append((f"▲ {damage(message)}", "$warning"))
        match message.state:
            case _ if message.role is not Role.ASSISTANT:
                pass
            case AnswerState.FAILED | AnswerState.INTERRUPTED:
                bad = message.state is AnswerState.FAILED
                mark, style = ("✗", "$error") if bad else ("▲", "$warning")
                problem = message.problem
                notes.append((f"{mark} {problem.title if problem else state_word(message.state)}", style))
                if problem and problem.hint:
                    hint(problem.hint)
            case AnswerState.STOPPED if message.text or message.reasoning:
                notes.append((_("■ stopped by you; the text so far is kept"), "$muted"))
            case AnswerState.STOPPED:
                notes.append((_("■ stopped by you before any text came"), "$muted"))
            case AnswerState.QUEUED:
                hint(
                    sentences(
                        _("Queued: goes out when the answer before it ends."), _("{Press:chat.stop} to take it back.")
                    )
                )
            case _ if not message.state.final and not message.text:
                notes.append(("…", "$muted"))
            case _:
                pass
        doubts = ending.describe_doubts(ending.Ending.of(message)) if message.role is Role.ASSISTANT else ()
        for doubt in doubts:
            notes.append((f"▲ {doubt.title}", "$warning"))
            hint(doubt.hint)
        return [
            Row(line.stylize(style), _INDENT, note=True)
            for text, style in notes
            if text
            for line in Content(visible(text)).wrap(room)
        ]


def _row(line: Line, gutter: str) -> Row:
    return Row(line.content, gutter, line.indent, line.joint, line.source, line.source is not None)


def _image_rows(message: Message, room: int) -> list[Row]:
    """What was attached to a question, as no terminal surely shows a picture: a line each."""
    shown = (Content(f"▣ {visible(describe(image))}").wrap(room) for image in message.images)
    return [Row(line.stylize("$muted"), _INDENT) for lines in shown for line in lines]


def _grown(document: MarkdownDocument, old: str, new: str) -> MarkdownDocument | None:
    """The document with what was added; None (to be made anew) if `new` does not begin with `old`."""
    if not new.startswith(old):
        return None
    if len(new) > len(old):
        document.grow(new)
    return document
