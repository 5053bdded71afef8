"""A connected provider in the configuration: everything else stays, and nothing is half written."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui import paths
from holytui.config.load import load
from holytui.config.presets import PRESETS
from holytui.config.schema import Provider
from holytui.config.toml_edit import CannotEdit, add_table, remove_key, set_key
from holytui.connect.keys import KeyChoice, KeyPlace, stored_key_file, with_key
from holytui.connect.writer import ProviderConnection, edited, require_editable, save
from holytui.errors import ConfigError
from holytui.secret import Secret

KEY = "cr_0123456789abcdef"
SHEEP = PRESETS["holysheep"].provider()
ENVIRONMENT = KeyChoice(KeyPlace.ENVIRONMENT, "HOLYSHEEP_API_KEY")

FILE = """\
# mine, from home

default_model = "guide/guide"   # for now

[ui]
theme = "holytui-light" # bright

[providers.holysheep]  # the sheep
api_key_env = "OLD_KEY"   # from work
headers = { "X-Team" = "a" }

[providers.holysheep.models."gpt-4o"]
context = 128000 # tokens
"""


def connection(choice: KeyChoice, file: Path, provider: Provider = SHEEP, default: bool = True) -> ProviderConnection:
    return ProviderConnection(with_key(provider, choice, file), choice, "deepseek-v3.2", default)


def test_comments_order_and_other_settings_stay(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    choice = KeyChoice(KeyPlace.FILE, secret=Secret(KEY))
    provider = with_key(SHEEP, choice, file)
    assert (
        edited(FILE, ProviderConnection(provider, choice, "deepseek-v3.2", True), file)
        == FILE.replace('"guide/guide" ', '"holysheep/deepseek-v3.2" ')
        .replace('api_key_env = "OLD_KEY"   # from work\n', "# from work\n")
        .replace(
            'headers = { "X-Team" = "a" }\n', 'headers = { "X-Team" = "a" }\napi_key_file = "keys/holysheep.key"\n'
        )
        + '\n[providers.holysheep.models."deepseek-v3.2"]\n'
    )


def test_a_typed_key_is_in_its_file_only(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(FILE)
    file.chmod(0o640)
    saved = save(connection(KeyChoice(KeyPlace.FILE, secret=Secret(KEY)), file), file)
    assert saved.key_file == stored_key_file(file, "holysheep")
    assert saved.key_file.read_text() == KEY + "\n"
    assert stat.S_IMODE(saved.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path for path in tmp_path.rglob("*") if path.is_file() and KEY in path.read_text()] == [saved.key_file]
    assert saved.config == load(file).config
    assert saved.config.default_model == "holysheep/deepseek-v3.2"
    assert load(file).problems == ()


def test_the_first_version_is_kept_once(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(FILE)
    backup = tmp_path / "config.toml.original"
    assert save(connection(ENVIRONMENT, file), file).backup == backup
    assert save(connection(KeyChoice(KeyPlace.COMMAND, ("pass", "x")), file), file).backup is None
    assert backup.read_text() == FILE
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_without_a_file_one_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    saved = save(connection(ENVIRONMENT, file), file)
    assert tomllib.loads(file.read_text()) == {
        "default_model": "holysheep/deepseek-v3.2",
        "providers": {"holysheep": {"api_key_env": "HOLYSHEEP_API_KEY", "models": {"deepseek-v3.2": {}}}},
    }
    assert saved.backup is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_linked_file_stays_linked(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.toml", tmp_path / "config.toml"
    real.write_text("# dots\n")
    link.symlink_to(real)
    save(connection(ENVIRONMENT, link), link)
    assert link.is_symlink()
    assert real.read_text().startswith("default_model")
    assert "# dots\n" in real.read_text()


@pytest.mark.parametrize(
    ("text", "line"),
    [("[ui\ntheme = 1", ":1"), ("a = 1\n[ui]\ntheme = dark\n", ":3"), ("providers = 5\n", ":1")],
)
def test_a_broken_file_is_not_changed_and_its_line_is_named(tmp_path: Path, text: str, line: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"config.toml{line}"):
        require_editable(file)
    with pytest.raises(ConfigError, match=f"config.toml{line}"):
        save(connection(KeyChoice(KeyPlace.FILE, secret=Secret(KEY)), file), file)
    assert file.read_text() == text
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["config.toml"]


@pytest.mark.parametrize("choice", [ENVIRONMENT, KeyChoice(KeyPlace.FILE, secret=Secret(KEY))])
def test_a_folder_that_cannot_be_written_is_told(choice: KeyChoice) -> None:
    file = Path("/proc/self/config.toml")  # closed to root too
    with pytest.raises(ConfigError, match="cannot be written"):
        save(connection(choice, file), file)


def test_the_key_is_taken_back_if_the_file_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text(FILE)
    write = paths.write_private

    def fail(path: Path, data: bytes, mode: int = 0o600) -> None:
        if path.name == "config.toml":
            raise OSError(28, "No space left on device")
        write(path, data, mode)

    monkeypatch.setattr(paths, "write_private", fail)
    with pytest.raises(ConfigError, match="No space left"):
        save(connection(KeyChoice(KeyPlace.FILE, secret=Secret(KEY)), file), file)
    assert file.read_text() == FILE
    assert not stored_key_file(file, "holysheep").exists()
    assert not (tmp_path / "config.toml.original").exists()


def test_what_cannot_be_set_is_refused_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[providers.holysheep.oauth]\ntoken_url = "https://x/t"\nclient_id = "a"\nrefresh_token_file = "t"\n'
    )
    before = file.read_text()
    with pytest.raises(ConfigError, match=r"providers.holysheep.oauth cannot be set there"):
        save(connection(ENVIRONMENT, file), file)
    assert file.read_text() == before


def test_another_endpoint_and_a_local_server_name_their_address(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    none = KeyChoice(KeyPlace.NONE)
    save(connection(none, file, Provider("mine", "https://llm.example.com/v1")), file)
    save(connection(none, file, PRESETS["ollama"].provider(), default=False), file)
    found = load(file).config
    assert found.default_model == "mine/deepseek-v3.2"
    assert found.providers["mine"].base_url == "https://llm.example.com/v1"
    assert 'base_url = "http://127.0.0.1:11434/v1"' in file.read_text()


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("[t]\na = 1\nb = 2\n", ("t", "a"), "[t]\nb = 2\n"),
        ("[t]\na = 1 # why\n", ("t", "a"), "[t]\n# why\n"),
        ("t = { a = 1, b = 2 }\n", ("t", "a"), "t = { b = 2 }\n"),
        ("t = { b = 2, a = 1 } # c\n", ("t", "a"), "t = { b = 2 } # c\n"),
        ("t = { a = 1 }", ("t", "a"), "t = { }"),
        ("x = 1", ("t", "a"), "x = 1"),
        ("[t]\na = [\n  1, # one\n]\nb = 2", ("t", "a"), "[t]\nb = 2"),
    ],
)
def test_a_key_is_removed_and_the_rest_stays(text: str, names: tuple[str, ...], expected: str) -> None:
    assert remove_key(text, names) == expected


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("", ("t", "u"), "[t.u]\n"),
        ("x = 1", ("t",), "x = 1\n\n[t]\n"),
        ("t = { x = 1 }\n", ("t", "u"), "t = { x = 1, u = {} }\n"),
        ("[t.u.v]\n", ("t", "u"), "[t.u.v]\n"),
    ],
)
def test_a_table_is_added_where_it_is_missing(text: str, names: tuple[str, ...], expected: str) -> None:
    assert add_table(text, names) == expected


comments = st.sampled_from(["", " # note", "   # é = 1"])
rows = st.lists(
    st.tuples(st.sampled_from(["base_url", "api_key_env", "api_key_file", "proxy", "x"]), comments),
    unique_by=lambda row: row[0],
    max_size=5,
)


@settings(max_examples=50, deadline=None)
@given(rows, st.sampled_from(["api_key_env", "api_key_file"]), st.sampled_from(["api_key_env", "api_key_file"]))
def test_no_comment_is_lost(table: list[tuple[str, str]], added: str, removed: str) -> None:
    text = "[providers.a]\n" + "".join(f'{name} = "v"{comment}\n' for name, comment in table) + "# the end\n"
    try:
        new = remove_key(set_key(text, ("providers", "a", added), "new"), ("providers", "a", removed))
    except CannotEdit:
        pytest.fail("a plain table can always be edited")
    assert sorted(new.count(comment) for comment in ("# note", "# é = 1", "# the end")) == sorted(
        text.count(comment) for comment in ("# note", "# é = 1", "# the end")
    )
    names = {name for name, _comment in table} | {added}
    assert set(tomllib.loads(new)["providers"]["a"]) == names - {removed}
