"""Markdown beyond CommonMark on an exported page, as the screen shows it.

Footnotes, definition lists, `<details>` and task lists; formulas as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from holytui import formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

STYLE = """.formula { white-space: pre-wrap; font-style: italic; }
.footnote { font-size: 0.9rem; }
dt { font-weight: bold; }
"""
_MAX_DEPTH = 16
"""Most blocks around `<details>`, since each looks for its own end."""
_MAX_FORMULA = 2_000
"""Most characters of a formula within a paragraph, since each opening looks for its end."""
_MAX_LINES = 100
"""Most lines of a formula of its own, likewise."""
_FOOTNOTE = re.compile(r"\[\^[^\s\[\]^]{1,64}\]:[ \t]*(?=\S)")
_REFERENCE = re.compile(r"\[\^(\d{1,9})\](?![(:])")
_DEFINITION = re.compile(r":[ \t]+(?=\S)")
_DETAILS = re.compile(r"<details(?: open)?>[ \t]*(?:<summary>(?P<summary>.*)</summary>)?")
_SUMMARY = re.compile(r"<summary>(?P<summary>.*)</summary>")
_EMPHASIS = re.compile(r"</?(?:b|strong|i|em)>")
_TASK = re.compile(r"\[([ xX])\] ")
_CLOSING = {"$$": "$$", "\\[": "\\]"}


def add_extensions(reader: MarkdownIt) -> None:
    """Add the rules to a reader."""
    interrupting: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    reader.block.ruler.before("reference", "footnote", _footnote, interrupting)
    reader.block.ruler.before("reference", "details", _details, interrupting)
    reader.block.ruler.before("reference", "formula", _formula_block, interrupting)
    reader.block.ruler.before("paragraph", "definitions", _definitions)
    reader.inline.ruler.before("escape", "formula", _formula)
    reader.inline.ruler.before("link", "footnote", _reference)
    reader.core.ruler.push("tasks", _tasks)
    reader.add_render_rule("formula", _render_formula)
    reader.add_render_rule("formula_block", _render_formula)


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip(" \t")


def _is_inside(state: StateBlock, number: int) -> bool:
    """Whether a line belongs to the current block, by its indentation, and is no indented code."""
    return 0 <= state.sCount[number] - state.blkIndent < 4


def _inline(state: StateBlock, tag: str, content: str, lines: tuple[int, int], css: str = "") -> None:
    opened = state.push(f"{tag}_open", tag, 1)
    if css:
        opened.attrSet("class", css)
    token = state.push("inline", "", 0)
    token.content = content
    token.map = list(lines)
    token.children = []
    state.push(f"{tag}_close", tag, -1)


def _footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not _is_inside(state, start) or _FOOTNOTE.match(_line(state, start)) is None:
        return False
    if not silent:
        after = start + 1
        while after < end and _line(state, after) and _FOOTNOTE.match(_line(state, after)) is None:
            after += 1
        text = "\n".join(_line(state, number) for number in range(start, after))
        label, _, words = text.partition("]:")
        state.line = after
        _inline(state, "p", f"{label}] {words.lstrip()}", (start, after), "footnote")
    return True


def _reference(state: StateInline, silent: bool) -> bool:
    """Replace a numbered reference. A name stays as it is, since `[^a-z]` may be a regular expression."""
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("sup_open", "sup", 1)
        state.push("text", "", 0).content = f"[{found[1]}]"
        state.push("sup_close", "sup", -1)
    state.pos = found.end()
    return True


def _definitions(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    after = start + 1
    if after >= end or not _is_inside(state, after) or _DEFINITION.match(_line(state, after)) is None:
        return False
    if silent:
        return True
    state.push("dl_open", "dl", 1)
    _inline(state, "dt", _line(state, start), (start, after))
    while after < end and _is_inside(state, after) and (found := _DEFINITION.match(_line(state, after))):
        first, parts = after, [_line(state, after)[found.end() :]]
        after += 1
        while after < end and _line(state, after) and _DEFINITION.match(_line(state, after)) is None:
            parts.append(_line(state, after))
            after += 1
        _inline(state, "dd", "\n".join(parts), (first, after))
    state.push("dl_close", "dl", -1)
    state.line = after
    return True


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    found = _DETAILS.fullmatch(_line(state, start)) if _is_inside(state, start) else None
    if found is None or state.level > _MAX_DEPTH:
        return False
    if silent:
        return True
    close = _end_of_details(state, start, end)
    summary, first = found["summary"], start + 1
    if summary is None and first < close and (next_line := _SUMMARY.fullmatch(_line(state, first))):
        summary, first = next_line["summary"], first + 1
    state.push("details_open", "details", 1)
    if summary is not None:
        _inline(state, "summary", _EMPHASIS.sub("", summary).strip(), (start, first))
    line_max, state.lineMax = state.lineMax, close
    state.md.block.tokenize(state, first, close)
    state.lineMax = line_max
    state.push("details_close", "details", -1)
    state.line = min(close + 1, end)
    return True


def _end_of_details(state: StateBlock, start: int, end: int) -> int:
    """Return the line of `</details>`, outside code; `end` if there is none."""
    depth, in_code = 1, False
    for number in range(start + 1, end):
        text = _line(state, number)
        in_code ^= text.startswith(("```", "~~~"))
        if not in_code:
            depth += bool(_DETAILS.fullmatch(text)) - (text == "</details>")
        if not depth:
            return number
    return end


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    text = _line(state, start)
    closer = _CLOSING.get(text[:2])
    if closer is None or closer in text[2:] or text[2:3] == "$" or not _is_inside(state, start):
        return False
    after, end = start + 1, min(end, start + _MAX_LINES)
    while after < end and (line := _line(state, after)) and closer not in line:
        after += 1
    if after >= end or not _line(state, after):
        return False
    if not silent:
        token = state.push("formula_block", "p", 0)
        token.content = state.getLines(start, after + 1, state.blkIndent, False)
        state.line = after + 1
    return True


def _formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    end, _size, _open = formulas.find(state.src, state.pos, min(state.posMax, state.pos + _MAX_FORMULA))
    if not end:
        return False
    if not silent:
        state.push("formula", "span", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _render_formula(_renderer: object, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    end = "\n" if token.tag == "p" else ""
    return f'<{token.tag} class="formula">{escape(token.content)}</{token.tag}>{end}'


def _tasks(state: StateCore) -> None:
    from markdown_it.token import Token

    for before, token in zip(state.tokens, state.tokens[2:], strict=False):
        if before.type != "list_item_open" or not token.children:
            continue
        text = token.children[0]
        if text.type == "text" and (found := _TASK.match(text.content)):
            checked = {} if found[1] == " " else {"checked": ""}
            attributes: dict[str, str | int | float] = {"type": "checkbox", "disabled": "", **checked}
            token.children[0] = text.copy(content=text.content[found.end() - 1 :])
            token.children.insert(0, Token("task", "input", 0, attrs=attributes))
