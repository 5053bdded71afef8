"""The command line: argparse only. Everything heavy is imported after the arguments are read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from holytui import __version__
from holytui.commands import exits

_COMMANDS = ("ask", "check", "models", "history", "config")


def build_parser() -> argparse.ArgumentParser:
    """The parser of `holytui` and its commands."""
    parser = argparse.ArgumentParser(
        prog="holytui",
        description="A terminal chat for language models that never loses a token.",
        epilog="Commands: ask, check, models, history, config. `holytui COMMAND --help` tells more. "
        "Without a command it opens the full screen.",
    )
    parser.add_argument("--version", action="version", version=f"holytui {__version__}")
    _common(parser)
    parser.add_argument("-m", "--model", metavar="PROVIDER/MODEL", help="the model to ask")
    parser.add_argument("-c", "--conversation", metavar="ID", help="open this conversation")
    parser.add_argument("prompt", nargs="*", metavar="PROMPT", help="a first question")
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="the configuration file")
    parser.add_argument("--lang", metavar="en|vi", help="the language of the screen")


def build_command_parser(command: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = argparse.ArgumentParser(prog=f"holytui {command}")
    _common(parser)
    match command:
        case "ask":
            parser.description = (
                "Ask once; the answer goes to stdout, notices to stderr. What is piped in is appended to the question. "
                "Exit: 0 complete, 1 failed, 2 usage or config error, 3 interrupted (partial text printed), "
                "130 stopped."
            )
            parser.add_argument("-m", "--model", metavar="PROVIDER/MODEL")
            parser.add_argument(
                "-s", "--system", metavar="TEXT", help="a system prompt, or the name of one of [prompts]"
            )
            parser.add_argument("-c", "--conversation", metavar="ID", help="go on with this conversation")
            parser.add_argument("--json", action="store_true", help="one JSON object a line")
            parser.add_argument("--no-save", action="store_true", help="keep nothing on disk")
            parser.add_argument("prompt", nargs="*", metavar="PROMPT")
        case "check":
            parser.description = "Check the configuration, key and endpoint of a model; each line has a next step."
            parser.add_argument("-m", "--model", metavar="PROVIDER/MODEL")
            parser.add_argument("--clipboard", action="store_true", help="test the way to the clipboard")
        case "models":
            parser.description = "The configured models."
            parser.add_argument("--json", action="store_true")
        case "history":
            _history_arguments(parser)
        case _:
            parser.description = "The configuration file: where it is, a first one, what is in force (without secrets)."
            parser.add_argument("what", choices=("path", "init", "show"))
    return parser


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "What was said."
    commands = parser.add_subparsers(dest="what", required=True)
    listing = commands.add_parser("list", help="the conversations, newest first")
    listing.add_argument("--json", action="store_true")
    listing.add_argument("-n", "--limit", type=int, default=0, help="at most so many")
    listing.add_argument("--archived", action="store_true")
    show = commands.add_parser("show", help="one conversation")
    show.add_argument("id")
    show.add_argument("--attempts", action="store_true", help="how each answer came: its requests and their ends")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run holytui; returns the exit status of the contract."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = next((word for word in _leading(words) if word in _COMMANDS), None)
    if command is None:
        options = build_parser().parse_args(words)
        return _run("holytui.commands.screen", options)
    words.remove(command)
    options = build_command_parser(command).parse_args(words)
    return _run(f"holytui.commands.{command}", options)


def _leading(words: Sequence[str]) -> list[str]:
    """The words that may be a command: the first one that is no option and no option's value."""
    takes_value = {"--config", "--lang"}
    index = 0
    while index < len(words) and words[index].startswith("-"):
        index += 2 if words[index] in takes_value else 1
    return list(words[index : index + 1])


def _run(module: str, options: argparse.Namespace) -> int:
    from importlib import import_module

    from holytui import i18n
    from holytui.errors import HolytuiError

    if options.lang:
        i18n.set_language(options.lang)
    try:
        status: int = import_module(module).run(options)
    except HolytuiError as error:
        print(f"holytui: {error}", file=sys.stderr)  # noqa: T201 - an error of the command line goes to stderr
        return exits.USAGE
    except BrokenPipeError:
        # the reader of a pipe has left; closing stderr keeps Python from complaining at its exit
        sys.stderr.close()
        return exits.FAILED
    except KeyboardInterrupt:
        return exits.STOPPED
    return status
