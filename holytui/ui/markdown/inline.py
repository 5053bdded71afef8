"""Inline content of a block as runs of styled text, parsed by markdown-it in pieces.

A growing paragraph is split where no delimiter is open that later text could close, and each piece is parsed once.
The splits depend only on the text, so an answer looks the same regardless of how its tokens arrived.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from holytui import formulas
from holytui.text import addresses, visible
from holytui.ui.markdown import marks, mathematics
from holytui.ui.markdown.extensions import footnote_label
from holytui.ui.markdown.runs import CODE, FOOTNOTE, LINK, MATHEMATICS, MUTED, Run, literal_runs

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_STEP: Final = 128
_STEPS: Final = (1, 2, 4, 8, 16)
"""Lengths, in units of `_STEP`, at which a split is tried; doubling means that each character is parsed only a few
times. After the last one, 2,048 characters, the piece is split regardless of open delimiters."""
_MAX_PIECE: Final = _STEP * (_STEPS[-1] + 1)
_DENSE_FROM: Final = 4
"""Length, in units of `_STEP`, from which dense pieces are shown unparsed: markdown-it is slow on them, and readable
text is not like that."""
_MARKUP: Final = re.compile(r"[][*_~!`\\<&$]")
_PIECES_AT_ONCE: Final = 8
"""Pieces parsed between two checks of the budget."""
_BREAK: Final = re.compile(r"(?<=[ \n])(?=[^ \t\n])|(?<=[\u2e80-\U0003ffff])(?=[\u2e80-\U0003ffff])")
"""Between words, or within scripts without spaces; not before a tag character, which may belong to a flag."""
_BRACKET: Final = re.compile(r"[\[\]]")
_FOOTNOTE: Final = re.compile(r"\[\^([^\s\[\]^]{1,64})\]")
_OPEN_FORMULA: Final = "open formula"
_PAIRS: Final = {"strong": "bold", "em": "italic", "s": "strike"}


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class Literal(MarkdownIt):
        """Leaves addresses exactly as written."""

        def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
            return url

        def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - markdown-it's name
            return link

    markdown = Literal("gfm-like", {"html": False, "linkify": False})
    markdown.inline.ruler.before("escape", "formula", _formula)
    markdown.inline.ruler.before("link", "note", _footnote)
    return markdown


def preload() -> None:
    """Import the libraries that the first text needs; takes longer than a frame, so call it on a thread."""
    import pygments.lexers  # noqa: F401 - imported for its side effect

    parse("`*a*`")


def _formula(state: StateInline, silent: bool) -> bool:
    r"""Parse `$…$`, `\(…\)`, `\[…\]` and `$$…$$`, in which Markdown would consume backslashes and stars."""
    if state.src[state.pos] not in "$\\":
        return False
    end, size, still_open = formulas.find(state.src, state.pos, state.posMax)
    if still_open:
        state.env[_OPEN_FORMULA] = True
    if not end:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = state.src[state.pos : end]
        token.meta = {"delimiter": size, "offset": state.pos}
    state.pos = end
    return True


def _footnote(state: StateInline, silent: bool) -> bool:
    """Parse a footnote reference such as `[^1]`."""
    found = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("note", "", 0).content = found.group(1)
    state.pos = found.end()
    return True


def parse(text: str, style: str = "") -> tuple[list[Run], bool]:
    """Return the runs of `text` over `style`, and whether they are final if a space and more text follow."""
    tokens, settled = _tokens(text)
    return _RunWriter(style, "&" in text).write(tokens), settled


def addresses_of(text: str) -> list[str]:
    """Return the addresses of the links in a piece of text, exactly as written."""
    if is_dense(text):
        return []
    writer = _RunWriter("", entities=False)
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
    return tokens, not open_pairs and _OPEN_FORMULA not in state.env and _is_settled(tokens)


def _is_settled(tokens: Sequence[Token]) -> bool:
    text = "".join(token.content for token in tokens if token.type == "text")
    if "`" in text or "](" in text:
        return False
    depth = 0
    for match in _BRACKET.finditer(text):
        depth = depth + 1 if match.group() == "[" else max(0, depth - 1)
    return depth == 0


class _RunWriter:
    """Converts markdown-it tokens to runs."""

    def __init__(self, style: str, entities: bool) -> None:
        self._runs: list[Run] = []
        self._styles = [style] if style else []
        self._links: list[tuple[str, int, bool]] = []
        self._link = ""
        """Style mark of the current link."""
        self.addresses: list[str] = []
        """Link addresses, exactly as written."""
        self._clean: Callable[[str], str] = _sanitized if entities else _unchanged

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
                self._put(footnote_label(token.content), FOOTNOTE)
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
            self._put(f" ({target})", MUTED)

    def _text(self, text: str) -> None:
        """Write text and mark the bare addresses in it."""
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
        """Write a formula: converted if possible, otherwise its source."""
        size = token.meta["delimiter"]
        text = mathematics.to_text(token.content[size:-size])
        if not text:
            self._put("\n".join(line.lstrip(" ") for line in token.content.split("\n")))
            return
        for number, row in enumerate(text.split("\n")):
            if number:
                self._put("\n")
            self._put(row, MATHEMATICS, marks.formula(token.content, token.meta["offset"], number))

    def _put(self, text: str, style: str = "", mark: str = "") -> None:
        if not text:
            return
        look = " ".join(part for part in (*self._styles, style) if part)
        self._runs += literal_runs(text, f"{look}{self._link}{mark}".lstrip())


def _unchanged(text: str) -> str:
    return text


def _sanitized(text: str) -> str:
    """Make characters decoded from entities such as `&#x202e;` safe to display."""
    return visible(text).replace("\n", " ").replace("\t", " ")


class Inline:
    """The runs of a growing text. `settled` is append-only unless the beginning of the text changes."""

    def __init__(self, style: str = "") -> None:
        self.settled: list[list[Run]] = []
        self.tail: list[Run] = []
        self.version = 0
        """Incremented when `settled` is discarded."""
        self._style = style
        self._text = ""
        self._start = 0
        self._ends: list[int] = []
        """End offset of each settled piece."""
        self._step = 0
        """Index of the next step to try."""
        self.done = True

    def update(self, text: str) -> None:
        """Replace the text. Parses a bounded amount; while `done` is false, call again to continue."""
        if not text.startswith(self._text[: self._start]):
            self.settled, self._ends, self._start, self._step = [], [], 0, 0
            self.version += 1
        elif text == self._text and self.done:
            return
        self._text = text
        self.done = False
        for _piece in range(_PIECES_AT_ONCE):
            if not self._settle_next():
                self.done = True
                break
        self.tail = parse(text[self._start :], self._style)[0] if self.done else []

    def pieces(self) -> list[str]:
        """Return the text split into its pieces."""
        return [self._text[start:end] for start, end in pairwise([0, *self._ends, len(self._text)])]

    def _settle_next(self) -> bool:
        """Settle the next piece; returns False if none is ready."""
        while self._step < len(_STEPS):
            step = _STEPS[self._step]
            low = self._start + _STEP * step
            if len(self._text) <= low + _STEP:
                return False
            found = _BREAK.search(self._text, low, low + _STEP)
            last = step == _STEPS[-1]
            end = found.start() if found is not None else low + _STEP
            if step >= _DENSE_FROM and is_dense(self._text[self._start : end]):
                return self._settle_piece(literal_runs(self._text[self._start : end], self._style), end)
            if found is not None or last:
                runs, settled = parse(self._text[self._start : end], self._style)
                if settled or last:
                    return self._settle_piece(runs, end)
            self._step += 1
        return False

    def _settle_piece(self, runs: list[Run], end: int) -> bool:
        self.settled.append(runs)
        self._ends.append(end)
        self._start, self._step = end, 0
        return True


def is_dense(text: str) -> bool:
    """Return whether a quarter of a text is markup characters."""
    return len(_MARKUP.findall(text)) * 4 > len(text)


def parse_cell(text: str, style: str) -> list[Run]:
    """Return the runs of a complete text such as a table cell; a text slow to parse is returned unparsed."""
    if len(text) > _MAX_PIECE or (len(text) > _DENSE_FROM * _STEP and is_dense(text)):
        return literal_runs(text, style)
    return parse(text, style)[0]
