"""Colours for code that is still coming: a line at a time, the lexer's state carried from one to the next.

Pygments lexes a whole text. Doing so for each token of a long block costs ten times the rest of the screen, and
colouring only at the end repaints the whole block over a thin link. Lines coloured as they come keep their colours
in nearly all cases; `whole` gives the exact ones, for the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from pygments.lexer import Lexer, RegexLexer

Run: TypeAlias = tuple[str, str]
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
"""Few, since each change of colour is sent over the link; names and signs keep the colour of text."""
_SPANS: Final = (
    ("/*", "*/", "Comment"),
    ("<!--", "-->", "Comment"),
    ("(*", "*)", "Comment"),
    ("{-", "-}", "Comment"),
    ("'", "'", "Literal.String"),
)
"""What may reach over several lines and is one match of one pattern in many lexers, so that no state tells of it."""
_HEREDOC: Final = re.compile(r"<<-?\s*(['\"]?)\\?(\w+)\1")
_LONGEST: Final = 1_000
"""Characters of a line that are lexed; what is longer is data, not code."""
WHOLE_LIMIT: Final = 8_000
"""Characters of a block that are lexed as a whole at its end (some 30 ms)."""


@lru_cache(maxsize=512)
def style_of(token: str) -> str:
    """The style of a token type, given by its path (`Literal.String.Doc`)."""
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
class Span:
    """A comment or a string that a line left open."""

    start: str
    end: str
    style: str
    alone: bool = False
    """`end` must be the whole line."""

    def ending(self, line: str) -> int:
        """Where in the line it is over; -1 if it goes on."""
        if self.alone:
            return len(line) if line.strip() == self.end else -1
        at = line.find(self.end)
        return -1 if at < 0 else at + len(self.end)


class Highlighter:
    """Colours the lines of one block, in order."""

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language.casefold()) if language else None
        self._regex = _as_regex_lexer(self._lexer)
        self._spans = _spans(language.casefold()) if self._lexer is not None else ()
        self._stack: Stack = ("root",)
        self._open: Span | None = None

    def line(self, text: str) -> list[Run]:
        """The next line, in colours."""
        runs, self._stack, self._open = self._lex(text)
        return runs

    def preview(self, text: str) -> list[Run]:
        """The next line if it were `text`: it may still grow."""
        return self._lex(text)[0]

    def whole(self, lines: Sequence[str]) -> list[list[Run]] | None:
        """All lines of the block in the exact colours; None if it is too long, or of no known language."""
        if self._lexer is None or sum(map(len, lines)) + len(lines) > WHOLE_LIMIT:
            return None
        if any(len(line) > _LONGEST for line in lines):
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

    def _lex(self, text: str) -> tuple[list[Run], Stack, Span | None]:
        stack, span = self._stack, self._open
        runs: list[Run] = []
        if self._lexer is None or len(text) > _LONGEST:
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
            opened = self._opened(tokens, rest)
            if opened is None:
                for token, value in tokens:
                    _add(runs, value.rstrip("\n"), _style(token))
                return runs, after, None
            at, span = opened
            before, stack = self._tokens(rest[:at], stack, newline=False)
            for token, value in before:
                _add(runs, value, _style(token))
            if span.alone:
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

    def _opened(self, tokens: Iterable[tuple[Any, str]], line: str) -> tuple[int, Span] | None:
        """Where a comment or a string begins that the line does not end."""
        at = 0
        loose = ""
        for token, value in tokens if self._spans else ():
            name = ".".join(token)
            at += len(value)
            if name.startswith(("Operator", "Punctuation", "Error", "Text")) and not value.isspace():
                loose += value
                for span in self._spans:
                    found = loose.find(span.start)
                    if found >= 0:
                        start = at - len(loose) + found
                        heredoc = _HEREDOC.match(line, start) if span.alone else None
                        if heredoc is not None:
                            return start, Span(span.start, heredoc.group(2), span.style, alone=True)
                        if not span.alone:
                            return start, span
                continue
            loose = ""
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
    """The lexer if its states can be carried from line to line."""
    if lexer is None:
        return None
    from pygments.lexer import ExtendedRegexLexer, RegexLexer

    if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
        return lexer
    return None


@cache
def _spans(language: str) -> tuple[Span, ...]:
    """The comments and strings over several lines that the lexer matches as one piece."""
    lexer = _lexer(language)
    assert lexer is not None

    def is_one(text: str, kind: str) -> bool:
        tokens = lexer.get_tokens_unprocessed(text)
        return any("\n" in value.strip("\n") and ".".join(token).startswith(kind) for _, token, value in tokens)

    found = [Span(start, end, style_of(kind)) for start, end, kind in _SPANS if is_one(f"{start} a\nb {end}\n", kind)]
    if is_one("cat <<E\na\nb\nE\n", "Literal.String"):
        found.append(Span("<<", "", style_of("Literal.String"), alone=True))
    return tuple(found)


def _run(lexer: RegexLexer, text: str, states: list[str]) -> Iterator[tuple[Any, str]]:
    """`RegexLexer.get_tokens_unprocessed`, which begins in any states but does not tell in which ones it ended.

    `states` is changed in place.
    """
    rules: Any = lexer._tokens  # made by the lexer's metaclass
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
                _move(states, new)
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


def _move(states: list[str], new: Any) -> None:
    """Apply what a rule says of the state after it; the last state always stays."""
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
