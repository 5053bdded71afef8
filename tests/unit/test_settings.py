"""The list of settings, warnings about keys, and the configuration in force."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import MappingProxyType

import pytest

from holytui.config import schema
from holytui.config.in_force import ConfigChange, ConfigInForce
from holytui.config.key_locations import KeyLocations, scan
from holytui.config.key_warnings import key_warnings
from holytui.config.load import load
from holytui.config.reader import file_fields
from holytui.config.schema import Config, Limits, Model, OAuth, Price, Provider, Recover, Sharing, Stream, Sync, Ui
from holytui.config.setting_help import HELP
from holytui.config.settings import Setting, SettingsFile, list_settings, parse
from holytui.keymap import ACTIONS, BY_ID, build_keymap

TABLES = {"ui", "stream", "limits", "sync", "history", "keys"}
"""Fields whose own fields are listed instead."""
SECRET = "sk-0123456789abcdef0123"


def listed(config: Config, text: str = "") -> dict[str, Setting]:
    return {each.id: each for each in list_settings(config, build_keymap({}), scan(text))}


@pytest.mark.parametrize("is_full", [False, True])
def test_every_setting_of_the_schema_appears(is_full: bool) -> None:
    model = Model("m", price=Price(1.0, 2.0))
    lab = Provider("lab", "https://lab/v1", oauth=OAuth("https://lab/t", "c"), models=MappingProxyType({"m": model}))
    config = Config(providers=MappingProxyType({"lab": lab})) if is_full else Config()
    paths = [each.path for each in listed(config).values()]
    name, each = ("lab", "m") if is_full else ("NAME", "NAME")
    expected = {
        (): (Config, TABLES | {"prompts"}),
        ("ui",): (Ui, set[str]()),
        ("stream",): (Stream, set[str]()),
        ("history",): (Sharing, set[str]()),
        ("limits",): (Limits, set[str]()),
        ("sync",): (Sync, {"targets"}),
        ("providers", name): (Provider, set[str]()),
        ("providers", name, "oauth"): (OAuth, set[str]()),
        ("providers", name, "models", each): (Model, set[str]()),
        ("providers", name, "models", each, "price"): (Price, set[str]()),
    }
    for above, (cls, without) in expected.items():
        assert [field for field in file_fields(cls) if field not in without and (*above, field) not in paths] == []
    assert {path[1] for path in paths if path[0] == "keys"} == set(BY_ID)
    assert any(path[0] == "prompts" for path in paths)
    assert any(path[:2] == ("sync", "targets") for path in paths)
    assert len(paths) == len(set(paths))


def docstrings(cls: type) -> dict[str, str]:
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for node, after in zip(body.body, body.body[1:], strict=False):
        target = (
            node.target
            if isinstance(node, ast.AnnAssign)
            else node.targets[0]
            if isinstance(node, ast.Assign)
            else None
        )
        if isinstance(target, ast.Name) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[target.id] = " ".join(str(after.value.value).split())
    return found


def test_the_help_of_each_setting_is_its_docstring() -> None:
    for cls in (Config, Stream, Limits, Ui, Provider, Model, Price, OAuth):
        notes = docstrings(cls)
        for name in file_fields(cls):
            if cls is not Config or name not in TABLES:
                assert HELP[cls, name] == notes[name]
    ways = docstrings(schema.Recover)
    assert {HELP[Recover, way.value] for way in Recover} == set(ways.values())


def test_a_setting_has_its_value_default_line_and_choices() -> None:
    text = '# mine\n[ui]\nenter = "newline" # so\n[keys]\nchat.stop = "alt+y"\n'
    found = listed(Config(ui=Ui(enter="newline")), text)
    enter = found["ui.enter"]
    assert (enter.value, enter.default, enter.line, enter.choices) == ('"newline"', '"send"', 3, ("send", "newline"))
    assert found["ui.mouse"].line is None
    assert found['keys."chat.stop"'].line == 5


def test_no_secret_is_listed() -> None:
    lab = Provider(
        "lab",
        f"https://user:{SECRET}@lab/v1",
        api_key=SECRET,
        api_key_command=("print", SECRET),
        headers=MappingProxyType({"Authorization": f"Bearer {SECRET}"}),
        proxy=f"http://me:{SECRET}@proxy:1",
    )
    shown = [each.value for each in listed(Config(providers=MappingProxyType({"lab": lab}))).values()]
    assert "lab" in shown
    assert [value for value in shown if SECRET in value] == []


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("stream.max_retries", "5", 5),
        ("stream.retry_delay", "0.5", 0.5),
        ("stream.recover", "restart", "restart"),
        ("ui.mouse", "true", True),
        ("system", "Be short.", "Be short."),
    ],
)
def test_a_typed_value_is_converted(setting: str, text: str, value: object) -> None:
    assert parse(listed(Config())[setting], text) == value


@pytest.mark.parametrize(
    ("setting", "text", "expected"),
    [
        ("stream.max_retries", "-1", "a whole number of 0 or more"),
        ("stream.max_retries", "three", "a whole number of 0 or more"),
        ("stream.retry_delay", "nan", "a number of seconds from 0 to 86400"),
        ("default_model", "gpt", "a provider and a model"),
        ("ui.language", "fr", 'one of "", "en", "vi"'),
    ],
)
def test_an_invalid_value_says_what_is_expected(setting: str, text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse(listed(Config())[setting], text)


@pytest.mark.parametrize(
    ("action", "keys", "warning"),
    [
        ("chat.stop", ("f1",), "F1 belongs to “Help” (app.help)"),
        ("chat.stop", ("ctrl+i",), "terminals send Ctrl+I as Tab"),
        ("chat.stop", ("ctrl+b",), "tmux takes Ctrl+B"),
        ("chat.stop", ("banana",), "“banana” is not a key"),
        ("chat.stop", ("hyper+x",), "“hyper+x” is not a key"),
        ("chat.new", ("x",), "in the prompt x is text"),
        ("message.copy", ("f1",), "F1 no longer does “Help”"),
        ("chat.new", ("alt+a",), "Alt+A does “Files”"),
    ],
)
def test_a_key_that_clashes_or_does_not_arrive_is_warned_of(action: str, keys: tuple[str, ...], warning: str) -> None:
    assert warning in "\n".join(key_warnings(BY_ID[action], keys, build_keymap({})))


def test_default_keys_and_free_ones_need_no_warning_of_a_clash_in_their_part() -> None:
    keymap = build_keymap({})
    for action in ACTIONS:
        assert [each for each in key_warnings(action, action.keys, keymap) if "belongs to" in each] == []
    assert key_warnings(BY_ID["app.theme"], ("alt+t", "alt+y"), keymap) == []


class Listener:
    def __init__(self, live: ConfigInForce) -> None:
        self.changes: list[ConfigChange] = []
        live.subscribe(self.changes.append)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("[ui]\nmouse = true\n")
    return path


def in_force(file: Path) -> ConfigInForce:
    loaded = load(file)
    keymap = build_keymap(loaded.config.keys)
    return ConfigInForce(loaded.config, keymap, file, (*map(str, loaded.problems), *keymap.problems))


def test_a_changed_file_is_put_into_force_and_published(file: Path) -> None:
    live = in_force(file)
    listener = Listener(live)
    file.write_text('[ui]\nmouse = false\n[keys]\n"chat.stop" = "alt+y"\n')
    assert live.stamp_now() != live.stamp
    live.adopt(live.read())
    assert live.stamp_now() == live.stamp
    assert [change.changed for change in listener.changes] == [("keys", "ui.mouse")]
    assert not live.config.ui.mouse
    assert live.keymap.keys_for("chat.stop") == ("alt+y",)
    live.adopt(live.read())
    assert len(listener.changes) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[ui]\nmouse = maybe\n", "config.toml:2"),
        ('[ui]\nmouse = "yes"\n', 'config.toml:2: ui.mouse: found "yes", expected true or false'),
        ("[ui]\nmouse = false\nmice = 3\n", "config.toml:3: ui.mice: unknown key"),
        ('[keys]\n"chat.stop" = "f1"\n', "that key is taken"),
    ],
)
def test_a_broken_file_leaves_the_settings_before_in_force(file: Path, text: str, problem: str) -> None:
    live = in_force(file)
    listener = Listener(live)
    file.write_text(text)
    outcome = live.adopt(live.read())
    assert isinstance(outcome, str)
    assert problem in outcome
    assert live.config.ui.mouse
    assert listener.changes == []
    assert live.stamp_now() == live.stamp
    file.write_text("[ui]\nmouse = false\n")
    assert isinstance(live.adopt(live.read()), ConfigChange)
    assert not live.config.ui.mouse


def test_a_problem_that_was_there_before_does_not_hinder_another_change(file: Path) -> None:
    file.write_text("[ui]\nmice = 3\nmouse = true\n")
    live = in_force(file)
    file.write_text("# a line more\n\n[ui]\nmice = 3\nmouse = false\n")
    assert isinstance(live.adopt(live.read()), ConfigChange)
    assert not live.config.ui.mouse


def test_a_deleted_file_leaves_the_settings_in_force(file: Path) -> None:
    live = in_force(file)
    file.unlink()
    assert live.adopt(live.read()) == "config.toml is gone"
    assert live.config.ui.mouse
    file.write_text("")
    live.adopt(live.read())
    assert not live.config.ui.mouse


def test_a_written_setting_keeps_the_rest_and_a_reset_one_leaves_no_line(file: Path) -> None:
    text = '# first\n[keys] # mine\nchat.stop = "alt+y"\n\n[ui]\nmouse = true # yes\n'
    file.write_text(text)
    settings = SettingsFile(file)
    settings.change(("keys", "chat.stop"), ["alt+y", "alt+s"])
    settings.change(("ui", "enter"), "newline")
    changed = text.replace('"alt+y"', '["alt+y", "alt+s"]') + 'enter = "newline"\n'
    assert file.read_text() == changed
    assert file.with_name("config.toml.original").read_text() == text
    settings.reset(("ui", "enter"))
    settings.reset(("keys", "chat.stop"))
    assert file.read_text() == text.replace('chat.stop = "alt+y"\n', "")
    assert file.with_name("config.toml.original").read_text() == text


def test_lines_of_a_broken_or_missing_file_are_unknown(tmp_path: Path) -> None:
    assert SettingsFile(tmp_path / "none.toml").locations().entries == KeyLocations(()).entries
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    assert SettingsFile(tmp_path / "bad.toml").locations().entries == ()
