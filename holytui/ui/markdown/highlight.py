"""Incremental syntax highlighting: line by line, with the lexer's state carried over.

Pygments lexes a whole text. Lexing a long block for each token costs ten times the rest of the screen, and
highlighting only at the end repaints the whole block over a slow link. Incremental colours are final in nearly all
cases; `Highlighter.whole` computes the exact ones once the block is complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from holytui.ui.markdown.runs import Run

if TYPE_CHECKING:
    from pygments.lexer import Lexer, RegexLexer

Stack: TypeAlias = tuple[str, ...]

_STYLES: Final = {
    "Comment": "italic $muted",
    "Keyword": "$text-accent",
    "Operator.Word": "$text-accent",
    "Literal.String": "$text-success",
    "Literal.Number": "$text-warning",
    "Name.Function": "$text-primary",
    "Name.Class": "bold $text-primary",
    "Name.Decorator": "$text-secondary",
    "Name.Tag": "$text-accent",
    "Name.Attribute": "$text-secondary",
    "Name.Builtin": "$text-secondary",
    "Name.Exception": "$text-secondary",
    "Generic.Deleted": "$text-error",
    "Generic.Inserted": "$text-success",
    "Generic.Heading": "bold",
    "Generic.Subheading": "$text-accent",
    "Generic.Prompt": "$muted",
}
"""Few styles, since each change of colour costs bytes on the link; names and operators keep the text colour."""
_DELIMITERS: Final = (
    ("/*", "*/", "Comment"),
    ("<!--", "-->", "Comment"),
    ("(*", "*)", "Comment"),
    ("{-", "-}", "Comment"),
    ("'", "'", "Literal.String"),
)
"""Delimiters of multi-line spans that many lexers match with a single pattern, so their state does not show them."""
_HEREDOC: Final = re.compile(r"<<-?\s*(['\"]?)\\?(\w+)\1")
_MAX_LINE: Final = 1_000
"""Maximum characters of a highlighted line; a longer line is data, not code."""
WHOLE_LIMIT: Final = 8_000
"""Maximum characters of a block that is lexed as a whole at its end (about 30 ms)."""


@lru_cache(maxsize=512)
def style_of(token: str) -> str:
    """Return the style of a token type, given by its dotted path (`Literal.String.Doc`)."""
    while token:
        if token in _STYLES:
            return _STYLES[token]
        token = token.rpartition(".")[0]
    return ""


@lru_cache(maxsize=256)
def _style(token: Any) -> str:  # a pygments token type: a tuple of names
    return style_of(".".join(token))


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """A comment or string that continues on the next line."""

    start: str
    end: str
    style: str
    whole_line: bool = False
    """Whether `end` must be a line of its own, as in a here-document."""

    def ending(self, line: str) -> int:
        """Return the offset in the line at which it ends; -1 if it continues."""
        if self.whole_line:
            return len(line) if line.strip() == self.end else -1
        at = line.find(self.end)
        return -1 if at < 0 else at + len(self.end)


class Highlighter:
    """Highlights the lines of one code block, in order."""

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language.casefold()) if language else None
        self._regex = _as_regex_lexer(self._lexer)
        self._spans = _multiline_spans(language.casefold()) if self._lexer is not None else ()
        self._stack: Stack = ("root",)
        self._open: OpenSpan | None = None

    def line(self, text: str) -> list[Run]:
        """Highlight the next line."""
        runs, self._stack, self._open = self._lex(text)
        return runs

    def preview(self, text: str) -> list[Run]:
        """Highlight an unfinished next line without changing the state."""
        return self._lex(text)[0]

    def whole(self, lines: Sequence[str]) -> list[list[Run]] | None:
        """Highlight all lines of the block exactly; None if it is too long or its language unknown."""
        if self._lexer is None or sum(map(len, lines)) + len(lines) > WHOLE_LIMIT:
            return None
        if any(len(line) > _MAX_LINE for line in lines):
            return None
        text = "\n".join(lines) + "\n"
        out: list[list[Run]] = [[]]
        for _, token, value in self._lexer.get_tokens_unprocessed(text):
            style = _style(token)
            first, *others = value.split("\n")
            _add(out[-1], first, style)
            for other in others:
                out.append([])
                _add(out[-1], other, style)
        return out[: len(lines)]

    def _lex(self, text: str) -> tuple[list[Run], Stack, OpenSpan | None]:
        stack, span = self._stack, self._open
        runs: list[Run] = []
        if self._lexer is None or len(text) > _MAX_LINE:
            _add(runs, text, "")
            return runs, stack, span
        rest = text
        while True:
            if span is not None:
                end = span.ending(rest)
                _add(runs, rest if end < 0 else rest[:end], span.style)
                if end < 0:
                    return runs, stack, span
                rest, span = rest[end:], None
            tokens, after = self._tokens(rest, stack)
            opened = self._find_open_span(tokens, rest)
            if opened is None:
                for token, value in tokens:
                    _add(runs, value.rstrip("\n"), _style(token))
                return runs, after, None
            at, span = opened
            before, stack = self._tokens(rest[:at], stack, newline=False)
            for token, value in before:
                _add(runs, value, _style(token))
            if span.whole_line:
                _add(runs, rest[at:], span.style)
                return runs, stack, span
            _add(runs, span.start, span.style)
            rest = rest[at + len(span.start) :]

    def _tokens(self, text: str, stack: Stack, newline: bool = True) -> tuple[list[tuple[Any, str]], Stack]:
        assert self._lexer is not None
        line = text + "\n" if newline else text
        if self._regex is None:
            return [(token, value) for _, token, value in self._lexer.get_tokens_unprocessed(line)], stack
        states = list(stack)
        return list(_run(self._regex, line, states)), tuple(states)

    def _find_open_span(self, tokens: Iterable[tuple[Any, str]], line: str) -> tuple[int, OpenSpan] | None:
        """Find the start of a comment or string that the line does not end."""
        at = 0
        pending = ""
        for token, value in tokens if self._spans else ():
            name = ".".join(token)
            at += len(value)
            if name.startswith(("Operator", "Punctuation", "Error", "Text")) and not value.isspace():
                pending += value
                for span in self._spans:
                    found = pending.find(span.start)
                    if found >= 0:
                        start = at - len(pending) + found
                        heredoc = _HEREDOC.match(line, start) if span.whole_line else None
                        if heredoc is not None:
                            return start, OpenSpan(span.start, heredoc.group(2), span.style, whole_line=True)
                        if not span.whole_line:
                            return start, span
                continue
            pending = ""
            for span in self._spans:
                if name.startswith("Comment") and value.startswith(span.start) and span.end not in value[2:]:
                    return at - len(value), span
        return None


def _add(runs: list[Run], text: str, style: str) -> None:
    if not text:
        return
    if runs and (runs[-1][1] == style or text.isspace()):
        runs[-1] = (runs[-1][0] + text, runs[-1][1])
    else:
        runs.append((text, style))


def _as_regex_lexer(lexer: Lexer | None) -> RegexLexer | None:
    """Return the lexer if its state can be carried from line to line."""
    if lexer is None:
        return None
    from pygments.lexer import ExtendedRegexLexer, RegexLexer

    if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
        return lexer
    return None


@cache
def _multiline_spans(language: str) -> tuple[OpenSpan, ...]:
    """Return the multi-line comments and strings that the lexer matches with a single pattern."""
    lexer = _lexer(language)
    assert lexer is not None

    def is_single_token(text: str, kind: str) -> bool:
        tokens = lexer.get_tokens_unprocessed(text)
        return any("\n" in value.strip("\n") and ".".join(token).startswith(kind) for _, token, value in tokens)

    found = [
        OpenSpan(start, end, style_of(kind))
        for start, end, kind in _DELIMITERS
        if is_single_token(f"{start} a\nb {end}\n", kind)
    ]
    if is_single_token("cat <<E\na\nb\nE\n", "Literal.String"):
        found.append(OpenSpan("<<", "", style_of("Literal.String"), whole_line=True))
    return tuple(found)


def _run(lexer: RegexLexer, text: str, states: list[str]) -> Iterator[tuple[Any, str]]:
    """Lex like `RegexLexer.get_tokens_unprocessed`, but update `states` in place to the states at the end."""
    rules: Any = lexer._tokens  # set by the lexer's metaclass
    pos, end = 0, len(text)
    while pos < end:
        for match_at, action, new in rules[states[-1]]:
            match = match_at(text, pos)
            if match is None:
                continue
            if action is not None:
                yield from _values(lexer, action, match)
            pos = match.end()
            if new is not None:
                _change_states(states, new)
            break
        else:
            if text[pos] == "\n":
                states[:] = ["root"]
            yield ("Text",) if text[pos] == "\n" else ("Error",), text[pos]
            pos += 1


def _values(lexer: RegexLexer, action: Any, match: Any) -> Iterator[tuple[Any, str]]:
    if isinstance(action, tuple):  # a token type
        yield action, match.group()
        return
    call: Callable[..., Iterable[tuple[int, Any, str]]] = action
    for _, token, value in call(lexer, match):
        yield token, value


def _change_states(states: list[str], new: Any) -> None:
    """Apply a rule's state transition; the bottom state is never popped."""
    if isinstance(new, tuple):
        for state in new:
            if state == "#pop":
                if len(states) > 1:
                    states.pop()
            elif state == "#push":
                states.append(states[-1])
            else:
                states.append(state)
    elif isinstance(new, int):
        del states[max(1, len(states) + new) :]
    else:  # "#push"
        states.append(states[-1])
