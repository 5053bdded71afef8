"""What stands inside a paragraph, as runs of styled text: markdown-it parses it, a piece at a time.

A paragraph that grows is cut where nothing is open that later text could close, and what stands before the cut is
parsed once. The cuts depend on the text alone, so an answer looks the same however its tokens came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from holytui.text import addresses, visible
from holytui.ui.markdown import marks, mathematics
from holytui.ui.markdown.extras import note_mark

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

Run: TypeAlias = tuple[str, str]
"""Text and its style, in Textual's words (`bold $text-primary`); the style may be empty."""

CODE: Final = "$text-warning"
LINK: Final = "underline $text-primary"
MATHEMATICS: Final = "$text-accent"
NOTE: Final = "$text-accent"
QUIET: Final = "$muted"
SEAM: Final = "┊"
SEAM_SPACE: Final = "\u1680"
"""Stands for a seam in what is parsed: Markdown takes it for a space, and nobody writes it."""

_STEP: Final = 128
_STEPS: Final = (1, 2, 4, 8, 16)
"""A piece is cut after 128 characters at the earliest, then looked at when it is twice as long, so that each character
is parsed a few times at most; after 2,048 it is cut whatever is open."""
_LONGEST: Final = _STEP * (_STEPS[-1] + 1)
_DENSE_FROM: Final = 4
"""The step from which a piece that is a quarter signs is shown as it is written: markdown-it takes long over it, and
no text that is meant to be read looks so."""
_SIGN: Final = re.compile(r"[][*_~!`\\<&$]")
_AT_ONCE: Final = 8
"""Pieces that are parsed between two looks at the time."""
_CUT: Final = re.compile(r"(?<=[ \n])(?=[^ \t\n])|(?<=[\u2e80-\U0003ffff])(?=[\u2e80-\U0003ffff])")
"""Between words, or within a script that has no spaces; not before a tag character, as it may be a part of a flag."""
_BRACKET: Final = re.compile(r"[\[\]]")
_NOTE: Final = re.compile(r"\[\^([^\s\[\]^]{1,64})\]")
_OPEN: Final = "open formula"
_PAIRS: Final = {"strong": "bold", "em": "italic", "s": "strike"}


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class Literal(MarkdownIt):
        """Shows addresses as they were written."""

        def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
            return url

        def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - markdown-it's name
            return link

    markdown = Literal("gfm-like", {"html": False, "linkify": False})
    markdown.inline.ruler.before("escape", "formula", _formula)
    markdown.inline.ruler.before("link", "note", _note)
    return markdown


def load() -> None:
    """Import what the first text needs, aside: it takes longer than a frame."""
    import pygments.lexers  # noqa: F401 - to have it imported

    parse("`*a*`")


def _formula(state: StateInline, silent: bool) -> bool:
    r"""`$…$`, `\(…\)`, `\[…\]` and `$$…$$`: Markdown would take their backslashes and stars."""
    if state.src[state.pos] not in "$\\":
        return False
    end, size, still_open = mathematics.find(state.src, state.pos, state.posMax)
    if still_open:
        state.env[_OPEN] = True
    if not end:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = state.src[state.pos : end]
        token.meta = {"delimiter": size, "place": state.pos}
    state.pos = end
    return True


def _note(state: StateInline, silent: bool) -> bool:
    """`[^1]`: a footnote's number or name."""
    found = _NOTE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("note", "", 0).content = found.group(1)
    state.pos = found.end()
    return True


def parse(text: str, style: str = "") -> tuple[list[Run], bool]:
    """The runs of `text` over `style`, and whether later text behind a space can change nothing in them."""
    tokens, settled = _tokens(text)
    return _Writer(style, "&" in text).write(tokens), settled


def addresses_of(text: str) -> list[str]:
    """The addresses of the links in a piece of text, as they were written."""
    if is_dense(text):
        return []
    writer = _Writer("", entities=False)
    writer.write(_tokens(text)[0])
    return writer.addresses


def _tokens(text: str) -> tuple[Sequence[Token], bool]:
    from markdown_it.rules_inline import StateInline

    markdown = _markdown()
    tokens: list[Token] = []
    state = StateInline(text, markdown, {}, tokens)
    markdown.inline.tokenize(state)
    for rule in markdown.inline.ruler2.getRules(""):
        rule(state)
    open_pairs = any(mark.open and mark.end == -1 for mark in state.delimiters)
    return tokens, not open_pairs and _OPEN not in state.env and _is_settled(tokens)


def _is_settled(tokens: Sequence[Token]) -> bool:
    text = "".join(token.content for token in tokens if token.type == "text")
    if "`" in text or "](" in text:
        return False
    depth = 0
    for match in _BRACKET.finditer(text):
        depth = depth + 1 if match.group() == "[" else max(0, depth - 1)
    return depth == 0


class _Writer:
    """Tokens into runs."""

    def __init__(self, style: str, entities: bool) -> None:
        self._runs: list[Run] = []
        self._styles = [style] if style else []
        self._links: list[tuple[str, int, bool]] = []
        self._link = ""
        """The mark of the link that is being written."""
        self.addresses: list[str] = []
        """Those of the links, as they were written."""
        self._clean: Callable[[str], str] = _made_safe if entities else _as_is

    def write(self, tokens: Iterable[Token]) -> list[Run]:
        for token in tokens:
            self._token(token)
        return self._runs

    def _token(self, token: Token) -> None:
        match token.type:
            case "text" | "text_special":
                self._text(self._clean(token.content))
            case "softbreak" | "hardbreak":
                self._put("\n")
            case "code_inline":
                self._put(token.content, CODE)
            case "link_open":
                self._links.append((self._target(token, "href"), len(self._runs), token.info == "auto"))
                self._styles.append(LINK)
                self._begin_link(token, "href")
            case "link_close":
                self._styles.pop()
                self._end_link()
            case "image":
                start, around = len(self._runs), self._link
                self._begin_link(token, "src")
                self.write(token.children or ())
                self._show_target(self._target(token, "src"), start)
                self._link = around
            case "formula":
                self._formula(token)
            case "note":
                self._put(note_mark(token.content), NOTE)
            case _ if token.nesting == 1:
                self._styles.append(_PAIRS.get(token.tag, ""))
            case _ if token.nesting == -1:
                self._styles.pop()
            case _:
                self._put(self._clean(token.content))

    def _target(self, token: Token, name: str) -> str:
        target = self._clean(str(token.attrGet(name) or ""))
        title = token.attrGet("title")
        return f'{target} "{self._clean(str(title))}"' if title else target

    def _begin_link(self, token: Token, name: str) -> None:
        address = str(token.attrGet(name) or "")
        if address:
            self.addresses.append(address)
        self._link = marks.link(address)

    def _end_link(self) -> None:
        target, start, auto = self._links.pop()
        if not auto:
            self._show_target(target, start)
        self._link = ""

    def _show_target(self, target: str, start: int) -> None:
        shown = "".join(text for text, _ in self._runs[start:])
        if not shown:
            self._put(target, LINK)
        elif target and target != shown:
            self._put(f" ({target})", QUIET)

    def _text(self, text: str) -> None:
        """Text, with the addresses in it marked."""
        if "://" not in text or self._links:
            self._put(text)
            return
        for part, is_address in addresses(text):
            if is_address:
                self.addresses.append(part)
                self._link = marks.link(part)
            self._put(part, LINK if is_address else "")
            self._link = ""

    def _formula(self, token: Token) -> None:
        """A formula, as it reads well or else as it was written."""
        size = token.meta["delimiter"]
        text = mathematics.shown(token.content[size:-size])
        if not text:
            self._put("\n".join(line.lstrip(" ") for line in token.content.split("\n")))
            return
        for number, row in enumerate(text.split("\n")):
            if number:
                self._put("\n")
            self._put(row, MATHEMATICS, marks.formula(token.content, token.meta["place"], number))

    def _put(self, text: str, style: str = "", mark: str = "") -> None:
        if not text:
            return
        look = " ".join(part for part in (*self._styles, style) if part)
        self._runs += as_written(text, f"{look}{self._link}{mark}".lstrip())


def as_written(text: str, style: str) -> list[Run]:
    """The runs of a text in which nothing is parsed."""
    before, *seams = visible(text).split(SEAM_SPACE)
    runs: list[Run] = [(before, style)] if before else []
    for after in seams:
        runs.append((SEAM, QUIET))
        if after:
            runs.append((after, style))
    return runs


def _as_is(text: str) -> str:
    return text


def _made_safe(text: str) -> str:
    """Text with `&#x202e;` and the like in it, which became characters only now."""
    return visible(text).replace("\n", " ").replace("\t", " ")


class Inline:
    """The runs of a text that grows. `settled` only ever gets longer, unless the text no longer begins as it did."""

    def __init__(self, style: str = "") -> None:
        self.settled: list[list[Run]] = []
        self.tail: list[Run] = []
        self.version = 0
        """Grows when `settled` begins anew."""
        self._style = style
        self._text = ""
        self._start = 0
        self._ends: list[int] = []
        """Where each settled piece ends."""
        self._step = 0
        """Index of the step that is looked at next."""
        self.done = True

    def update(self, text: str) -> None:
        """The text as it is now. Of a long one only some is parsed: `done` tells, and `update` again goes on."""
        if not text.startswith(self._text[: self._start]):
            self.settled, self._ends, self._start, self._step = [], [], 0, 0
            self.version += 1
        elif text == self._text and self.done:
            return
        self._text = text
        self.done = False
        for _piece in range(_AT_ONCE):
            if not self._settle():
                self.done = True
                break
        self.tail = parse(text[self._start :], self._style)[0] if self.done else []

    def pieces(self) -> list[str]:
        """The text as it was cut."""
        return [self._text[start:end] for start, end in pairwise([0, *self._ends, len(self._text)])]

    def _settle(self) -> bool:
        """Cut off one more piece, if one is ready."""
        while self._step < len(_STEPS):
            step = _STEPS[self._step]
            low = self._start + _STEP * step
            if len(self._text) <= low + _STEP:
                return False
            cut = _CUT.search(self._text, low, low + _STEP)
            last = step == _STEPS[-1]
            end = cut.start() if cut is not None else low + _STEP
            if step >= _DENSE_FROM and is_dense(self._text[self._start : end]):
                return self._cut(as_written(self._text[self._start : end], self._style), end)
            if cut is not None or last:
                runs, settled = parse(self._text[self._start : end], self._style)
                if settled or last:
                    return self._cut(runs, end)
            self._step += 1
        return False

    def _cut(self, runs: list[Run], end: int) -> bool:
        self.settled.append(runs)
        self._ends.append(end)
        self._start, self._step = end, 0
        return True


def is_dense(text: str) -> bool:
    """Whether so much of a text is signs that it is not parsed."""
    return len(_SIGN.findall(text)) * 4 > len(text)


def parse_cell(text: str, style: str) -> list[Run]:
    """The runs of a text that comes whole, such as a table's cell; one that would take long stays as it is written."""
    if len(text) > _LONGEST or (len(text) > _DENSE_FROM * _STEP and is_dense(text)):
        return as_written(text, style)
    return parse(text, style)[0]
