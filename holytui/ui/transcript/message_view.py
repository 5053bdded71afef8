"""One message as lines: heading, folded reasoning, body and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.content import Content

from holytui.hints import KEYLESS, ActionNames
from holytui.images import describe
from holytui.models import Message, Role
from holytui.text import sanitize_line, visible
from holytui.ui.markdown.budget import Spent, within
from holytui.ui.markdown.document import MarkdownDocument
from holytui.ui.markdown.row import Row
from holytui.ui.markdown.wrap import Line
from holytui.ui.transcript.folded_text import FoldedText
from holytui.ui.transcript.message_heading import heading, reasoning_line
from holytui.ui.transcript.message_notes import notes

_INDENT = "  "
_THOUGHT = "  │ "
_SHARE = 0.01
"""Seconds for laying out the first lines of a text; `advance` lays out the rest, so that keys do not wait."""


def _share() -> Spent:
    return within(_SHARE)


class MessageView:
    """A message of the log. Lines are cached; unchanged ones stay the same objects."""

    def __init__(self, message: Message, variant: tuple[int, int] = (1, 1), label: str = "") -> None:
        self.message = message
        self.variant = variant
        """Position and number of variants: `(2, 3)` is the second of three."""
        self.label = label
        self.above = ""
        """A line between the message before and this one, or empty."""
        self.open = False
        """Whether the reasoning of an answer, or a long question, is expanded."""
        self._names = KEYLESS
        self._named = False
        """Whether a laid out note names a key."""
        self.text_width = 0
        """Maximum cells of a line, except of code and tables; 0: unlimited."""
        self._body: MarkdownDocument | None = None
        self._thoughts: MarkdownDocument | None = None
        self._width = 0
        self._laid_out = False
        self._question = FoldedText(message.text, _share) if message.role is not Role.ASSISTANT else None
        self._asked: Sequence[Row] = ()
        self._head: list[Row] = []
        self._tail: list[Row] = []

    # -- text

    @property
    def body(self) -> MarkdownDocument:
        """The text as a document, parsed on first use."""
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
        """Replace the texts; if text was only added, lay out only that. Returns whether they differ."""
        old = self.message
        if text == old.text and reasoning == old.reasoning:
            self._share(text, reasoning)
            return False
        if self._body is not None:
            self._body = _grown(self._body, old.text, text)
        if self._thoughts is not None:
            self._thoughts = _grown(self._thoughts, old.reasoning, reasoning)
        if self._question is not None:
            self._question = FoldedText(text, _share)
        self.message = replace(old, text=text, reasoning=reasoning)
        if reasoning != old.reasoning or not old.text:
            self._laid_out = False
        return True

    def _share(self, text: str, reasoning: str) -> None:
        """Keep these texts instead of the equal ones, so that the engine and the screen hold only one in memory."""
        if text is not self.message.text or reasoning is not self.message.reasoning:
            self.message = replace(self.message, text=text, reasoning=reasoning)
            if self._body is not None:
                self._body.grow(text)
            if self._thoughts is not None:
                self._thoughts.grow(reasoning)

    def update(self, message: Message) -> None:
        """Replace the message; documents of unchanged texts are kept."""
        self.sync(message.text, message.reasoning)
        if self._body is not None and message.seams != self.message.seams:
            self._body.set_seams(message.seams)
        # share the text with the documents
        self.message = replace(message, text=self.message.text, reasoning=self.message.reasoning)
        if self._body is not None and message.state.final:
            self._body.close()
        self._laid_out = False

    def set_above(self, words: str) -> None:
        """Set the line between the message before and this one."""
        self.above = words
        self._laid_out = False

    def name_keys(self, names: ActionNames) -> None:
        """Use other names for the actions that hints mention."""
        if names is not self._names:
            self._names = names
            if self._named or (self._question is not None and self._question.long):
                self._laid_out = False

    def lay_out_anew(self, text_width: int) -> None:
        """Lay out with another maximum width, or with words in another language."""
        if text_width != self.text_width:
            self.text_width = text_width
            self._body = self._thoughts = None
        self._laid_out = False

    def set_open(self, is_open: bool) -> None:
        """Expand or collapse the reasoning or the long question."""
        self.open = is_open
        self._laid_out = False

    def folds(self, width: int) -> bool:
        """Whether anything can be collapsed at a width in cells."""
        self._fit(width)
        return bool(self.message.reasoning) or (self._question is not None and self._question.long)

    def find(self, width: int, places: Sequence[int]) -> int:
        """The line with the first of `places`, offsets in the text, or one close to it. Collapsed lines are expanded
        and preferred."""
        hidden = self.uncover(width, places)
        self._fit(width)
        if not places:
            return 0
        if self._question is None:
            return len(self._head) + self._thought_height() + self.body.line_near(self._room, min(places))
        return len(self._head) + self._question.row_of(min(hidden or places))

    def uncover(self, width: int, places: Sequence[int]) -> Sequence[int]:
        """Expand the question if any of `places`, offsets in the text, is collapsed; returns those that were."""
        self._fit(width)
        hidden = [place for place in places if self._question is not None and self._question.hides(place)]
        if hidden:
            self.set_open(True)
        return hidden

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
        """Whether text is left for `advance`."""
        self._fit(width)
        if self._question is not None:
            return self._question.behind
        shown = self.open and bool(self.message.reasoning)
        return (shown and self.thoughts.behind(self._thought_room)) or (
            bool(self.message.text) and self.body.behind(self._room)
        )

    def advance(self, width: int, spent: Spent) -> None:
        """Lay out more text, until `spent`."""
        self._fit(width)
        if self._question is not None:
            self._question.advance(spent)
            return
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
            # without a key: the command would act on the last message, which may be another one
            key = self._names.keys.get("message.reasoning", "")
            self._asked = self._question.rows(self._text_room, is_open=self.open, key=key)
        self._head = self._head_rows(width)
        self._tail = [*_image_rows(self.message, self._text_room), *self._note_rows(), Row(Content(""), "")]

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
        rows = [Row(heading(self.message, self.variant, width, self.label), "")]
        if self.above:
            rule = Content.assemble((f"── {sanitize_line(self.above)} ──", "$muted")).truncate(
                max(1, width), ellipsis=True
            )
            rows = [Row(rule, ""), Row(Content(""), ""), *rows]
        if self.message.reasoning:
            rows.append(Row(reasoning_line(self.message, width - len(_INDENT), is_open=self.open), _INDENT))
        return rows

    def _note_rows(self) -> list[Row]:
        shown = notes(self.message)
        self._named = any(note.is_hint for note in shown)
        texts = [(self._names.render(note.text) if note.is_hint else note.text, note.style) for note in shown]
        return [
            Row(line.stylize(style), _INDENT, note=True)
            for text, style in texts
            if text
            for line in Content(visible(text)).wrap(self._text_room)
        ]


def _row(line: Line, gutter: str) -> Row:
    return Row(line.content, gutter, line.indent, line.joint, line.source, line.source is not None)


def _image_rows(message: Message, room: int) -> list[Row]:
    """A line for each attached image, as not every terminal shows pictures."""
    shown = (Content(f"▣ {visible(describe(image))}").wrap(room) for image in message.images)
    return [Row(line.stylize("$muted"), _INDENT) for lines in shown for line in lines]


def _grown(document: MarkdownDocument, old: str, new: str) -> MarkdownDocument | None:
    """The document with the added text; None if `new` does not begin with `old`."""
    if not new.startswith(old):
        return None
    if len(new) > len(old):
        document.grow(new)
    return document
