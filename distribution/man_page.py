"""The man page holytui(1), generated from the parsers, in the macros of man(7)."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from textwrap import wrap

from distribution.files import PROGRAM
from distribution.whole_parser import arguments, subcommands, whole_parser
from holytui import __version__

_DESCRIPTION = (
    "holytui is a full-screen chat with language models, made for SSH and for links that stall and drop: the text of "
    "an answer is stored as it arrives, and an interrupted answer is continued. Without a command it opens the full "
    "screen; F1 shows all keys. Without any configuration the built-in guide answers, offline."
)
_EXIT_STATUS = (
    ("0", "Success; for `ask`: the answer is complete, and proven to be."),
    ("1", "Failure."),
    ("2", "A usage or configuration error."),
    ("3", "`ask`: the answer was interrupted; the partial text is printed."),
    ("4", "`ask`: the answer ended in doubt; stderr says why."),
    ("130", "Stopped with Ctrl+C."),
)
_ENVIRONMENT = (
    ("HOLYTUI_CONFIG", "The configuration file."),
    ("HOLYTUI_DATA_DIR", "The folder of the history."),
    ("HOLYTUI_LANG", "The language of the screen, `en` or `vi`."),
    ("HOLYTUI_LOG", "The level of the log: off, error, warning, info or debug."),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "Proxies of providers that have none in the configuration."),
    ("VISUAL, EDITOR, PAGER", "Programs to write a question and to read an answer in."),
    ("NO_COLOR", "If set, no colours."),
)
_FILES = (
    ("~/.config/holytui/config.toml", "The configuration; `holytui config init` writes a commented one."),
    ("~/.config/holytui/themes/*.toml", "Your own colour themes."),
    ("~/.local/share/holytui/history.db", "All conversations."),
    ("~/.local/share/holytui/holytui.log", "The log, without keys and texts."),
)
_EXAMPLES = (
    ("Ask the built-in guide:", "echo 'what does Esc do?' | holytui ask"),
    ("Ask about a file:", "holytui ask 'what is wrong here?' @src/main.py"),
    ("Test a model's configuration, key and connection:", "holytui check -m ollama/llama3.2"),
    ("Save the newest conversation as Markdown:", "holytui history export -o notes.md last"),
)


def man_page() -> str:
    """Return the page."""
    parser = whole_parser()
    return "".join(f"{line}\n" for line in _page(parser))


def _page(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield '.\\" Generated from the parsers of holytui.'
    yield f'.TH HOLYTUI 1 "" "{PROGRAM} {__version__}"'
    yield from (".nh", ".ad l")
    yield from (".SH NAME", f"{PROGRAM} \\- terminal chat for language models that never loses a token")
    yield ".SH SYNOPSIS"
    yield from _usage(parser, " [PROMPT ...]")
    for name, (_summary, sub) in subcommands(parser).items():
        yield ".br"
        if not subcommands(sub):
            yield from _usage(sub)
        else:
            yield f".B {PROGRAM} {name}"
            yield _text("COMMAND ...")
    yield from (".SH DESCRIPTION", _text(_DESCRIPTION), ".SH OPTIONS")
    yield from _arguments(parser)
    yield ".SH COMMANDS"
    for name, (_summary, sub) in subcommands(parser).items():
        yield from _command(name, sub)
    yield from _definitions("EXIT STATUS", _EXIT_STATUS)
    yield from _definitions("ENVIRONMENT", _ENVIRONMENT)
    yield from _definitions("FILES", _FILES)
    yield ".SH EXAMPLES"
    for text, command in _EXAMPLES:
        yield from (".TP", _text(text), f".B {_escape(command)}")


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f".SS {PROGRAM} {name}"
    if not subcommands(parser):
        yield from _usage(parser)
        yield ".PP"
    yield _text(parser.description or "")
    yield from _arguments(parser)
    for below, (summary, sub) in subcommands(parser).items():
        yield f".SS {PROGRAM} {name} {below}"
        yield from _usage(sub)
        text = f"{summary[0].upper()}{summary[1:]}."
        yield from (".PP", _text(f"{text} {sub.description}" if sub.description else text))
        yield from _arguments(sub)


def _usage(parser: argparse.ArgumentParser, end: str = "") -> Iterator[str]:
    """Yield the synopsis: the command in bold, and its arguments."""
    usage = " ".join(parser.format_usage().split()).partition(": ")[2]
    usage = re.sub(r" COMMAND \.\.\.", "", usage)
    words = usage.split(" [", 1)
    if len(words) == 1:
        words = [parser.prog, usage.removeprefix(parser.prog).strip()]
    else:
        words[1] = f"[{words[1]}"
    yield f".B {_escape(words[0])}"
    if words[1] or end:
        yield _text(words[1] + end)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in arguments(parser):
        value = str(action.metavar or "")
        if action.choices is not None:
            value = value or "|".join(map(str, action.choices))
        if not action.option_strings:
            if action.help or action.choices:
                yield from (".TP", f".I {_escape(value)}", _sentence(action.help or ""))
            continue
        names = ", ".join(rf"\fB{_escape(name)}\fR" for name in action.option_strings)
        shown = rf" \fI{_escape(value)}\fR" if value and action.nargs != 0 else ""
        yield from (".TP", names + shown, _sentence(action.help or ""))


def _definitions(title: str, entries: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {title}"
    for term, text in entries:
        yield from (".TP", f".B {_escape(term)}", _text(text))


def _sentence(text: str) -> str:
    return _text(f"{text[0].upper()}{text[1:]}." if text else "One of these.")


def _text(text: str) -> str:
    """Escape a paragraph; words in backquotes are bold. Each sentence gets a line of its own, as roff wants it."""
    escaped = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _escape(text))
    sentences = re.sub(r"(?<=[a-z)][.:]) (?=[A-Z])", "\n", escaped).split("\n")
    lines = [
        line for sentence in sentences for line in wrap(sentence, 79, break_long_words=False, break_on_hyphens=False)
    ]
    return "\n".join(rf"\&{line}" if line.startswith((".", "'")) else line for line in lines)


def _escape(text: str) -> str:
    for char, roff in (("\\", r"\e"), ("-", r"\-"), ("'", r"\(aq"), ("~", r"\(ti"), ("^", r"\(ha"), ("…", "...")):
        text = text.replace(char, roff)
    return text.replace("“", r"\(lq").replace("”", r"\(rq")
