"""One parser of the whole command line, for completions and the man page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from holytui import cli, i18n

_SUMMARIES: Mapping[str, str] = MappingProxyType(
    {
        "ask": "ask one question; the answer goes to stdout",
        "connect": "connect a provider: its key, a test, and a model",
        "check": "check configuration, key and endpoint of a model",
        "models": "list the configured models",
        "history": "list, show, search, export, import or delete conversations",
        "config": "the configuration file: its path, an example, the settings in force",
    }
)


def whole_parser() -> argparse.ArgumentParser:
    """Build the parser, in English. Each command is a subcommand; the first question of `holytui` is left out."""
    i18n.set_language("en")
    parser = cli.build_options_parser()
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in cli.COMMANDS:
        command = cli.build_command_parser(name)
        commands.add_parser(
            name,
            parents=[command],
            add_help=False,
            help=_SUMMARIES.get(name, command.description),
            description=command.description,
        )
    return parser


def subcommands(parser: argparse.ArgumentParser) -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """Return summary and parser of the subcommands of `parser`, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {choice.dest: choice.help or "" for choice in action._get_subactions()}
            return {name: (summaries.get(name, ""), sub) for name, sub in action.choices.items()}
    return {}


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return options and positional arguments of `parser`, without `--help` and subcommands."""
    excluded = (argparse._SubParsersAction, argparse._HelpAction)
    return [action for action in parser._actions if not isinstance(action, excluded)]


def walk(parser: argparse.ArgumentParser, *names: str) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Yield `parser` and all parsers below it, each with its command's words."""
    yield names, parser
    for name, (_summary, sub) in subcommands(parser).items():
        yield from walk(sub, *names, name)
