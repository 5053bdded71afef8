"""The documents agree with the code: generated tables, links, settings, and every command in them."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from docs import site
from docs.tables import PARTS, filled
from holytui import cli
from holytui.commands import typos
from holytui.config.key_locations import scan
from holytui.config.load import build_config
from holytui.guide.server import GuideServer
from holytui.keymap import build_keymap

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:holytui|make) [^`\n]+)`")
_SEPARATOR = re.compile(r"\$\(|[\n|;()]|&&")
_PROGRAMS = frozenset(
    {"cat", "cd", "chmod", "curl", "echo", "export", "git", "jq", "man", "mosh", "ollama", "pipx", "set", "source"}
    | {"pass", "printf", "python", "scp", "ssh", "tail", "tmux", "uv", "autoload", "compinit", "pip"}
)
_REDIRECTION = re.compile(r"\d?[<>]")


def _texts() -> Iterator[tuple[Path, str]]:
    for document in DOCUMENTS:
        yield document, document.read_text("utf-8")


def _blocks(*languages: str) -> list[tuple[Path, str]]:
    return [(name, body) for name, text in _texts() for kind, body in _BLOCK.findall(text) if kind in languages]


def _commands(code: str) -> Iterator[list[str]]:
    """Yield the words of each simple command, without variables before it and redirections after it."""
    quoted: dict[str, str] = {}

    def hide(found: re.Match[str]) -> str:
        return quoted.setdefault(found[0], f"QUOTED{len(quoted)}X")

    # a quoted text with $( in it is a command too
    text = re.sub(r"'[^']*'|\"(?![^\"]*\$\()[^\"]*\"", hide, code)
    text = re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE)
    for part in _SEPARATOR.split(text):
        for original, mark in quoted.items():
            part = part.replace(mark, original)
        if part.count('"') % 2:  # it was cut inside a text in double quotes
            part = part.strip().strip('"')
        words = shlex.split(part, comments=True)
        while words and re.fullmatch(r"\w+=.*|if|then|fi", words[0]):
            del words[0]
        end = next((i for i, word in enumerate(words) if _REDIRECTION.match(word)), len(words))
        if words[:end]:
            yield words[:end]


def _all_commands() -> list[list[str]]:
    inline = (found for name, text in _texts() for found in _INLINE.findall(text))
    code = [*(body for _name, body in _blocks("sh")), *inline]
    return [list(words) for words in dict.fromkeys(tuple(words) for body in code for words in _commands(body))]


@pytest.mark.parametrize("name", PARTS)
def test_generated_tables_are_those_of_the_code(name: str) -> None:
    text = (ROOT / "docs" / PARTS[name][0]).read_text("utf-8")
    assert filled(name, text) == text, "run python docs/tables.py"


def test_links_between_documents_lead_somewhere() -> None:
    for name, text in _texts():
        for target, _hash, anchor in re.findall(r"\]\(([^)#:\s]*)(#)?([^):\s]*)\)", text):
            place = name.parent / target if target else name
            assert place.exists(), f"{name}: {target}"
            if anchor:
                heads = re.findall(r"^#+ (.*)$", place.read_text("utf-8"), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_site_has_every_document_once() -> None:
    pages = re.findall(r"^\s*- [^:\n]+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    documents = [document.name for document in DOCUMENTS if document != ROOT / "README.md"]
    assert sorted(pages) == sorted(documents)
    assert set(site.PAGES) == {document.name for document in DOCUMENTS if document.parent == ROOT} - {"README.md"}


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("../CONTRIBUTING.md", "CONTRIBUTING.md"),
        ("docs/recovery.md#three-levels", "recovery.md#three-levels"),
        ("keys.md", "keys.md"),
        ("../src/main.py", "../src/main.py"),
    ],
)
def test_links_of_the_site_lead_to_its_pages(link: str, target: str) -> None:
    assert site.on_page_markdown(f"see [this]({link}) and `[x]`") == f"see [this]({target}) and `[x]`"


def test_shell_code_can_be_parsed() -> None:
    for name, code in _blocks("sh"):
        done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), f"{name}:\n{code}"


def test_settings_in_examples_are_accepted(tmp_path: Path) -> None:
    for name, text in _blocks("toml"):
        result = build_config(tmp_path / "config.toml", tomllib.loads(text), scan(text))
        assert (result.problems, build_keymap(result.config.keys).problems) == ((), ()), f"{name}:\n{text}"


def test_every_command_exists(capsys: pytest.CaptureFixture[str]) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for words in _all_commands():
        match words:
            case ["make", *rest]:
                assert {word for word in rest if "=" not in word} <= {*targets, "ARGS"}, words
            case ["holytui", *rest]:
                _parse([word.replace("|", "") for word in rest])
            case [program, *_]:
                assert program in _PROGRAMS, words
    assert capsys.readouterr().err == ""


def _parse(words: list[str]) -> None:
    at = cli._first_word(words)
    if at == len(words) or words[at] not in cli.COMMANDS:
        mistyped = typos.intended_command(words[at:], cli.COMMANDS)
        assert mistyped == "" or words == ["histroy", "list"], words  # the documents' example of a mistake
        parser = cli.build_parser()
    else:
        parser = cli.build_command_parser(words[at])
        words = words[:at] + words[at + 1 :]
    if not {"--help", "--version"} & set(words):
        parser.parse_args(words)


def _offline() -> list[list[str]]:
    """Return the commands that run without a terminal, a provider and the identifiers of a reader."""
    commands = [words[1:] for words in _all_commands() if words[0] == "holytui"]
    placeholder = re.compile(r"[A-Z]{2,}|\$|…|\.\.\.")
    return [
        words
        for words in commands
        if words[:1]
        and words != ["check"]  # takes seconds; test_check.py runs it
        and words[0] in ("ask", "models", "check", "config", "history")
        and not any(placeholder.search(word) for word in words)
        and all(word == "guide/guide" for flag, word in pairwise(words) if flag == "-m")
    ]


def test_commands_work_with_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    defaults = GuideServer.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "pace", 0.0)  # instead of the pace of a model
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    for name in ("src/main.py", "notes.md", "error.log"):
        (tmp_path / name).write_text("text\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    prompts = tmp_path / "prompts.toml"
    prompts.write_text('[prompts]\ntranslate = "Translate into {language}:"\n')
    assert cli.main(["ask", "hello"]) == 0  # a conversation for the others
    commands = sorted(_offline(), key=lambda words: words[:2] == ["history", "import"])
    assert len(commands) > 5
    for words in commands:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a question")))
        # the documents show this prompt beside the command
        status = cli.main([words[0], "--config", str(prompts), *words[1:]] if "-t" in words else words)
        assert status in (0, 1), f"{words}: {capsys.readouterr().err}"
