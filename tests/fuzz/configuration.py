"""Configuration files: whatever stands in one, it is read without an exception, and what is wrong is told in lines.

Input: which value to set (a byte), file.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from holytui import secret
from holytui.config import params_line
from holytui.config.key_locations import scan
from holytui.config.load import Loaded, load
from holytui.config.toml_edit import CannotEdit, set_key
from holytui.config.write import dump, example_text
from tests.fuzz.pieces import CONTROLS

_FOLDER = Path(tempfile.mkdtemp(prefix="holytui-fuzz-"))
_FILE = _FOLDER / "config.toml"
_SET: tuple[tuple[tuple[str, ...], object], ...] = (
    (("ui", "theme"), "holytui-light"),
    (("default_model",), "guide/guide"),
    (("keys", "chat.stop"), ["f2", "escape"]),
    (("providers", "lab", "models", "a.b", "context"), 8000),
)
_LONGEST = 20_000
"""Characters of a problem: each names its key, which the file may make long."""


def seeds() -> Iterator[bytes]:
    """The example, and small files with each table."""
    example = example_text().encode()
    yield b"\0" + example
    lines = (line.removeprefix(b"# ") for line in example.split(b"\n") if b"=" in line or b"[" in line)
    uncommented = b"\n".join(lines)
    yield b"\1" + uncommented
    for text in (
        'default_model = "lab/one"\n[providers.lab]\nbase_url = "http://127.0.0.1:1/v1"\n'
        'api_key = "sk-secret-word-1"\n',
        '[providers.lab]\nbase_url="https://a.b"\nheaders={"X-Key"="sk-secret-word-1"}\nproxy="http://u:p@c.d:80"\n'
        '[providers.lab.models."a.b"]\ncontext=8000\nparams={temperature=0.2}\n',
        '[providers.openai]\napi_key_command = ["pass", "show", "x"]\n[providers.openai.oauth]\n'
        'token_url="https://a.b"\nclient_id="c"\nrefresh_token_file="~/t"\n',
        '[keys]\nchat.stop = "f2"\n"chat.new" = ["f4", "ctrl+n"]\n[ui]\ntheme = "x"\nlanguage = "vi"\n',
        "[stream]\nmax_retries = \"three\"\nidle_timeout = -1\nretry_delay = nan\n[prompts]\na = 'b'\n",
        'a = { b = [1, 2, { c = "d" }] }\n[[x]]\ny = 1979-05-27T07:32:00Z\n[[x]]\nz = """\nq"""\n',
        "\ufeffdefault_model = 'guide/guide'\r\n[ui]\r\n",
    ):
        for number in (0, 2, 3):
            yield bytes((number,)) + text.encode()


def check(data: bytes) -> None:
    """It can be read, told, shown and changed, and no key is told or shown."""
    if not data:
        return
    # what earlier inputs made known must not change what this one does
    known, variables = set(secret._known), set(secret._variables)
    try:
        _check(data[1:], *_SET[data[0] % len(_SET)])
    finally:
        secret._known.intersection_update(known)
        secret._variables.intersection_update(variables)


def _check(text: bytes, names: tuple[str, ...], value: object) -> None:
    _FILE.write_bytes(text)
    _FILE.chmod(0o600)
    loaded = load(_FILE)
    _told(loaded)
    shown = dump(loaded.config)
    if "#" not in shown and "•••" not in shown:  # what was masked may be a part of a key's name
        tomllib.loads(shown)
    with suppress(UnicodeDecodeError):
        whole = text.decode("utf-8-sig")
        _edit(whole, names, value)
        line = params_line.parse_params(whole[:200])
        if isinstance(line, dict):
            assert params_line.parse_params(params_line.format_params(line)) == line, "parameters that do not come back"


def _told(loaded: Loaded) -> None:
    keys = [each.api_key for each in loaded.config.providers.values() if each.api_key]
    shown = dump(loaded.config)
    for problem in loaded.problems:
        line = str(problem)
        assert len(line) < _LONGEST, "a problem without a bound"
        assert CONTROLS.isdisjoint(line), "a control character in a problem"
        assert "\n" not in line, "a problem of two lines"
        assert not any(len(key) > 12 and key in line for key in keys), "a key in a problem"
    assert not any(len(key) > 12 and key in shown for key in keys), "a key is shown"
    for name, provider in loaded.config.providers.items():
        assert provider.base_url or provider.blocked, f"{name!r} has no address and is not stopped"


def _edit(text: str, names: tuple[str, ...], value: object) -> None:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    lines = scan(text)
    for entry in lines.entries:
        assert 0 <= entry.start <= entry.value <= entry.end <= len(text), f"a key out of its place: {entry}"
    with suppress(CannotEdit):
        found: object = tomllib.loads(set_key(text, names, value))
        for name in names:
            assert isinstance(found, dict)
            found = found[name]
        assert found == value, "another value was set"
