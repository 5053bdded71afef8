"""The command line. Little more than argparse is imported before the arguments are parsed: `--help` is instant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from holytui import __version__
from holytui.commands import exit_status
from holytui.commands.argument_parser import CommandParser, translate_parsers
from holytui.i18n import _

TYPE_CHECKING = False  # the import of typing would slow `--help` down
if TYPE_CHECKING:
    from types import TracebackType

_DAY = 86_400.0
COMMANDS = {
    "ask": "holytui.commands.ask.command",
    "connect": "holytui.commands.connect",
    "check": "holytui.commands.check",
    "models": "holytui.commands.models",
    "history": "holytui.commands.history.command",
    "config": "holytui.commands.config",
}
"""The module of each command, imported when it is run."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of `holytui` without a command."""
    parser = build_options_parser()
    parser.add_argument("prompt", nargs="*", metavar="PROMPT", help=_("a first question"))
    return parser


def build_options_parser() -> argparse.ArgumentParser:
    """Build the parser of the options of `holytui` without a command."""
    parser = CommandParser(
        prog="holytui",
        description=_("A terminal chat for language models that never loses a token."),
        epilog=_(
            "Commands: ask, connect, check, models, history, config. `holytui COMMAND --help` explains each. "
            "Without a command holytui opens the full screen."
        ),
    )
    parser.add_argument("--version", action="version", version=f"holytui {__version__}")
    _common(parser)
    parser.add_argument("-m", "--model", metavar="PROVIDER/MODEL", help=_("the model to ask"))
    parser.add_argument(
        "-c", "--conversation", metavar="ID", help=_("open this conversation; `last` is the one changed last")
    )
    parser.add_argument(
        "--plain", action="store_true", help=_("lines instead of a full screen: for screen readers, serial lines, logs")
    )
    parser.add_argument("--no-save", action="store_true", help=_("save nothing of this chat to disk"))
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help=_("the configuration file"))
    parser.add_argument("--lang", metavar="en|vi", help=_("the language of the screen"))


def build_command_parser(command: str) -> argparse.ArgumentParser:
    """Build the parser of a command."""
    parser = CommandParser(prog=f"holytui {command}")
    _common(parser)
    match command:
        case "ask":
            parser.description = _(
                "Ask one question; the answer goes to stdout, notices to stderr. "
                "Piped input is appended to the question. "
                "Exit: 0 complete and proven, 1 failed, 2 usage or config error, 3 interrupted (partial text printed), "
                "4 ended in doubt (stderr says why: length limit, content filter, empty, reasoning only, tool calls "
                "after text, a marked seam, started again), 5 not sent because of a limit, 6 the answer does not match "
                "the schema, 130 stopped."
            )
            parser.add_argument("-m", "--model", metavar="PROVIDER/MODEL", help=_("the model to ask"))
            parser.add_argument("-s", "--system", metavar="TEXT", help=_("a system prompt, or a name from [prompts]"))
            parser.add_argument(
                "-c",
                "--conversation",
                metavar="ID",
                help=_("continue this conversation; `last` is the one changed last"),
            )
            parser.add_argument(
                "-C",
                "--continue",
                dest="continue_last",
                action="store_true",
                help=_("continue the conversation changed last; the same as -c last"),
            )
            parser.add_argument(
                "-t",
                "--template",
                metavar="NAME",
                help=_("a prompt from [prompts]; arguments NAME=VALUE are the values of its variables"),
            )
            parser.add_argument(
                "--schema",
                type=Path,
                metavar="FILE",
                help=_("have the answer as JSON that matches this JSON schema; asked once more if it does not"),
            )
            parser.add_argument(
                "-a",
                "--attach",
                action="append",
                default=[],
                metavar="PATH",
                help=_("attach this file (repeatable); an argument @PATH does the same"),
            )
            parser.add_argument(
                "-o",
                "--option",
                type=_option,
                action="append",
                default=[],
                metavar="NAME=VALUE",
                help=_("a parameter of the request, such as temperature=0.2; saved with the conversation"),
            )
            parser.add_argument(
                "--max-tokens",
                type=_positive,
                metavar="N",
                help=_("the most tokens that the answer may have; saved with the conversation"),
            )
            parser.add_argument(
                "--effort",
                choices=("off", "low", "medium", "high", "default"),
                help=_("how much the model reasons; saved with the conversation"),
            )
            parser.add_argument(
                "--over-limit",
                action="store_true",
                help=_("ask even if a limit of [limits] is reached"),
            )
            parser.add_argument(
                "--timeout",
                type=_seconds,
                metavar="SECONDS",
                help=_("how long to wait for an unreachable endpoint (default: offline_limit, or 65)"),
            )
            parser.add_argument("--json", action="store_true", help=_("one JSON object per line"))
            parser.add_argument("--no-save", action="store_true", help=_("save nothing to disk"))
            parser.add_argument(
                "--whole",
                action="store_true",
                help=_("write the answer only when it has ended (the default for files, and for pipes with --no-save)"),
            )
            parser.add_argument("prompt", nargs="*", metavar="PROMPT")
        case "connect":
            _connect_arguments(parser)
        case "check":
            _check_arguments(parser)
        case "models":
            parser.description = _("The configured models.")
            parser.add_argument("--json", action="store_true", help=_("one JSON object per line"))
        case "history":
            _history_arguments(parser)
        case _:
            parser.description = _(
                "The configuration file: its path, a commented example, the settings in force (without secrets)."
            )
            parser.add_argument("what", choices=("path", "init", "show"))
    return parser


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = _(
        "Check the configuration, the connection to a provider (with a few small requests), the terminal and the "
        "history. Each problem comes with the next step. Exit: 0 no problem, 1 a problem, 2 usage error."
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="PROVIDER[/MODEL]",
        help=_("the provider or model to check (default: the default model)"),
    )
    parser.add_argument("-m", "--model", metavar="PROVIDER/MODEL", help=_("the model to check"))
    parser.add_argument("--all", action="store_true", help=_("check every configured provider"))
    parser.add_argument("--json", action="store_true", help=_("one JSON object with all lines"))
    parser.add_argument(
        "--report",
        nargs="?",
        const="-",
        metavar="FILE",
        help=_("write a text for a bug report, without secrets (default: stdout)"),
    )
    parser.add_argument(
        "--clipboard",
        action="store_true",
        help=_("check copying to the clipboard; with -m also the model"),
    )


def _connect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = _(
        "Connect a provider: choose it and its key, test it, choose a model, and write the configuration. What no "
        "option says is asked on a terminal. "
        "Exit: 0 written, 1 the test failed, 2 usage or config error, 130 stopped."
    )
    parser.add_argument("--plain", action="store_true", help=_("only whole lines, for screen readers and logs"))
    parser.add_argument("--provider", metavar="NAME", help=_("a well-known provider, or a name for --base-url"))
    parser.add_argument("--base-url", metavar="URL", help=_("the address of another OpenAI-compatible endpoint"))
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key-env", metavar="NAME", help=_("the environment variable that holds the key"))
    key.add_argument("--key-command", metavar="CMD", help=_("the command that prints the key"))
    key.add_argument("--key-file", metavar="FILE", help=_("the file that holds the key"))
    key.add_argument(
        "--key-stdin",
        action="store_true",
        help=_("read the key from stdin, and keep it in a file that only you can read"),
    )
    parser.add_argument("--model", "-m", metavar="M", help=_("the model to ask"))
    parser.add_argument("--default", action="store_true", help=_("make it the default model"))
    parser.add_argument("-y", "--yes", action="store_true", help=_("do not ask"))


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = _(
        "Your conversations. An ID may be shortened to an unambiguous beginning or end; `last` is the conversation "
        "changed last. "
        "Exit: 0 done, 1 not done or nothing found, 2 usage error."
    )
    commands = parser.add_subparsers(dest="what", required=True)
    listing = commands.add_parser("list", help=_("the conversations, newest first"))
    listing.add_argument("--json", action="store_true", help=_("one JSON object per line"))
    listing.add_argument("-n", "--limit", type=int, default=0, metavar="N", help=_("at most this many"))
    listing.add_argument(
        "--tag", type=_tag, metavar="TAG", help=_("only those with a tag that begins so, such as work or work/client")
    )
    which = listing.add_mutually_exclusive_group()
    which.add_argument("--archived", action="store_true", help=_("archived conversations"))
    which.add_argument("--deleted", action="store_true", help=_("deleted conversations that `restore` can bring back"))
    show = commands.add_parser("show", help=_("one conversation"))
    show.add_argument("id", metavar="ID")
    show.add_argument("--attempts", action="store_true", help=_("with the requests of each answer"))
    search = commands.add_parser("search", help=_("find words; accents and case do not matter"))
    search.add_argument("words", nargs="+", metavar="WORDS")
    search.add_argument("-c", "--conversation", metavar="ID", help=_("in this conversation only"))
    search.add_argument("-n", "--limit", type=int, default=50, metavar="N", help=_("at most this many matches (50)"))
    search.add_argument("--everywhere", action="store_true", help=_("in the shared database, newest first"))
    search.add_argument("--json", action="store_true", help=_("one JSON object per line"))
    _file_arguments(commands)
    tag = commands.add_parser(
        "tag",
        help=_("add and remove tags of a conversation"),
        description=_("A tag with `/`, such as work/ or work/client, is a folder; a conversation is in at most one."),
    )
    tag.add_argument("id", metavar="ID")
    tag.add_argument("tags", nargs=argparse.REMAINDER, metavar="TAGS", help=_("such as: +work -old"))
    delete = commands.add_parser("delete", help=_("delete conversations, after showing which"))
    chosen = delete.add_mutually_exclusive_group(required=True)
    chosen.add_argument("ids", nargs="*", default=[], metavar="ID")
    chosen.add_argument(
        "--before", type=_date, metavar="DATE", help=_("all not changed since this date, such as 2025-06-30")
    )
    delete.add_argument("-y", "--yes", action="store_true", help=_("do not ask"))
    restore = commands.add_parser("restore", help=_("bring deleted conversations back, or those of a backup"))
    restore.add_argument("ids", nargs="+", metavar="ID|FILE")
    backup = commands.add_parser("backup", help=_("copy the history to a new file, also while it is in use"))
    backup.add_argument("file", type=Path, metavar="FILE")
    commands.add_parser("compact", help=_("erase deleted conversations for good, and shrink the file"))
    _sync_arguments(commands)


def _file_arguments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = commands.add_parser(
        "export",
        help=_("export conversations to a file"),
        description=_("json and jsonl keep everything, and can be imported."),
    )
    export.add_argument("--format", choices=("md", "json", "jsonl", "html"), default="md", help=_("default: md"))
    export.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help=_("the file to write, with mode 0600 (default: stdout)")
    )
    export.add_argument("ids", nargs="*", metavar="ID", help=_("default: all conversations"))
    importing = commands.add_parser(
        "import",
        help=_("import conversations from a file"),
        description=_(
            "Reads json and jsonl files of `export`, and ChatGPT's conversations.json, also inside its archive. "
            "Importing again adds nothing twice."
        ),
    )
    importing.add_argument("file", type=Path, metavar="FILE")


def _sync_arguments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sync = commands.add_parser(
        "sync",
        help=_("exchange changes with another machine or a folder"),
        description=_(
            "Each side gets what it lacks. TARGET is a name from [sync.targets], ssh://USER@HOST:PORT/PATH (only HOST "
            "is required), or a folder. Exit: 0 done, 1 failed (what had arrived is kept), 2 usage or config error, "
            "130 stopped."
        ),
    )
    sync.add_argument("target", nargs="?", default="", metavar="TARGET", help=_("default: all of [sync.targets]"))
    sync.add_argument("--verify", action="store_true", help=_("over SSH, also compare everything that both sides have"))
    sync.add_argument(
        "--watch",
        type=_seconds,
        nargs="?",
        const=60.0,
        metavar="SECONDS",
        help=_("sync again after each change here, and at least this often (60)"),
    )
    sync.add_argument("--json", action="store_true", help=_("one JSON object for each sync"))
    sync.add_argument("--progress", action="store_true", help=argparse.SUPPRESS)
    sync.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    hosts = commands.add_parser("hosts", help=_("the machines whose changes are known"))
    hosts.add_argument("--json", action="store_true", help=_("one JSON object per line"))
    share = commands.add_parser("share", help=_("keep a conversation on this machine, or share it"))
    share.add_argument("id", metavar="ID")
    chosen = share.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--on", dest="shared", action="store_true", help=_("share it with other machines"))
    chosen.add_argument("--off", dest="shared", action="store_false", help=_("keep it on this machine"))


def _tag(text: str) -> str:
    from holytui.store.tags import tag_of

    try:
        return tag_of(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _date(text: str) -> float:
    from holytui.commands.history.deletion import before_date

    try:
        return before_date(text)
    except (ValueError, OverflowError, OSError) as exc:
        raise argparse.ArgumentTypeError(_("“{text}” is not a date such as 2025-06-30").format(text=text)) from exc


def _option(text: str) -> dict[str, object]:
    from holytui.config.params_line import parse_option

    option = parse_option(text)
    if isinstance(option, str):
        raise argparse.ArgumentTypeError(option)
    return option


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 0 < number < 2**31:
        raise argparse.ArgumentTypeError(_("a whole number above 0"))
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _DAY:
        raise argparse.ArgumentTypeError(_("a number of seconds above 0, at most 86400"))
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run holytui; return the exit status (`exit_status`)."""
    sys.excepthook = _print_traceback
    words = list(sys.argv[1:] if arguments is None else arguments)
    _choose_language(words)
    at = _first_word(words)
    command = words[at] if at < len(words) and words[at] in COMMANDS else None
    if command is None:
        if not _confirm_typo([word for word in words[at:] if word[0:1] != "-"]):
            return exit_status.USAGE
        parser = build_parser()
        options = parser.parse_args(words)
        if options.no_save and options.conversation:
            parser.error(_("--no-save starts without saved conversations: leave out --conversation"))
        return _run("holytui.commands.plain.command" if options.plain else "holytui.commands.screen", options)
    del words[at]
    options = build_command_parser(command).parse_args(words)
    return _run(COMMANDS[command], options)


def _confirm_typo(words: Sequence[str]) -> bool:
    """Return whether to go on: no command is misspelt, or the user wants the words to be sent as a question."""
    if not words:
        return True
    from holytui.commands import typos

    command = typos.intended_command(words, COMMANDS)
    return not command or typos.confirm_question(words, command)


def _print_traceback(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    """Report a crash safely; `install_safe_output` takes this over once the arguments are parsed."""
    from holytui.commands.output import install_safe_output

    install_safe_output()
    sys.excepthook(kind, error, at)


def _choose_language(words: Sequence[str]) -> None:
    """Set the language before the parsers are built: it applies to their help and errors."""
    from holytui import i18n, paths
    from holytui.config.peek_language import configured_language

    translate_parsers()
    first = CommandParser(add_help=False, exit_on_error=False)
    first.add_argument("--config", type=Path)
    first.add_argument("--lang")
    try:
        options, _others = first.parse_known_args(words)
    except argparse.ArgumentError:  # the full parser reports it
        options = argparse.Namespace(config=None, lang=None)
    if options.lang:
        i18n.set_language(options.lang)
    else:
        i18n.set_default_language(configured_language(options.config or paths.config_file()))


def _first_word(words: Sequence[str]) -> int:
    """Return the index of the first word that is neither an option nor its value; `len(words)` if there is none.

    Words after `--` are not commands.
    """
    takes_value = {"--config", "--lang", "-m", "--model", "-c", "--conversation"}
    index = 0
    while index < len(words) and words[index].startswith("-"):
        if words[index] == "--":
            return len(words)
        index += 2 if words[index] in takes_value else 1
    return min(index, len(words))


def _run(module: str, options: argparse.Namespace) -> int:
    from importlib import import_module

    from holytui import logs
    from holytui.commands.output import install_safe_output, print_to_stderr
    from holytui.errors import HolytuiError

    install_safe_output()
    logs.start()

    try:
        status: int = import_module(module).run(options)
    except HolytuiError as error:
        print_to_stderr(error)
        return exit_status.USAGE
    except BrokenPipeError:
        # the reader closed the pipe; the rest of the buffer goes to /dev/null, or Python would report it at exit
        # (docs.python.org/3/library/signal.html, "Note on SIGPIPE")
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_status.FAILED
    except KeyboardInterrupt:
        return exit_status.STOPPED
    return status
