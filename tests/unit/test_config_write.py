from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui import keymap
from holytui.config.key_locations import scan
from holytui.config.load import build_config, load
from holytui.config.presets import PRESETS
from holytui.config.schema import Config, Model, OAuth, Price, Provider, Recover, Sharing, Stream, Ui
from holytui.config.toml_edit import CannotEdit, set_key
from holytui.config.write import dump, example_text, init, set_value
from holytui.errors import ConfigError


def mapping(**items: object) -> MappingProxyType[str, object]:
    return MappingProxyType(items)


FULL = Config(
    default_model="x/a.b",
    providers=MappingProxyType(
        {
            "x": Provider(
                "x",
                "https://x/v1",
                api_key_env="X_KEY",
                allow_insecure=True,
                recover=Recover.ASK,
                models=MappingProxyType(
                    {"a.b": Model("a.b", 9, Price(1.0, 2.0), mapping(stop=["x"]), True, Recover.RESTART)}
                ),
            ),
            "y": Provider("y", "https://y/v1", oauth=OAuth("https://y/t", "id", refresh_token_command=("a",))),
        }
    ),
    stream=Stream(max_retries=1, recover=Recover.INSTRUCT),
    keys=MappingProxyType({"chat.stop": ("f12",), "app.help": (), "app.quit": ("a", "b")}),
    ui=Ui(mouse=True),
    prompts=MappingProxyType({"short": "Be\nshort."}),
    system="short",
)


def test_the_password_of_the_database_is_not_shown() -> None:
    sharing = Sharing("postgresql://me:db-secret-7@h/x", ("pass", "show", "db-entry-7"))
    shown = dump(replace(FULL, history=sharing))
    assert 'share = "postgresql://me:•••@h/x"' in shown
    assert "db-secret-7" not in shown + repr(sharing)
    assert "db-entry-7" not in shown


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    text = dump(FULL)
    result = build_config(file, tomllib.loads(text), scan(text))
    assert result.problems == ()
    assert dump(result.config) == text
    assert (result.config.providers, result.config.keys) == (FULL.providers, FULL.keys)
    assert (result.config.stream, result.config.ui) == (FULL.stream, FULL.ui)


def test_no_secret_is_shown() -> None:
    provider = Provider(
        "x",
        "https://me:hush-base@x/v1",
        api_key="hush-key",
        api_key_command=("pass", "--secret=hush-option", "hush-argument"),
        oauth=OAuth("https://t/o?code=hush-token", "id", refresh_token_command=("get", "hush-refresh")),
        headers=MappingProxyType(
            {"Authorization": "Bearer hush-header", "X-Team": "a", "X-Own": "hush-own", "User-Agent": "u"}
        ),
        public_headers=("x-team",),
        proxy="http://me:hush-proxy@p:3128/?x=hush-query",
        chat_path="/chat?api-version=1&code=hush-code&hush-bare",
        models=MappingProxyType({"m": Model("m", params=mapping(api_token="hush-param", max_tokens=5))}),
    )
    text = dump(Config(providers=MappingProxyType({"x": provider})))
    assert "hush" not in text
    assert text.startswith("# api_key of [providers.x] is set and not shown\n")
    assert tomllib.loads(text)["providers"]["x"] == {
        "base_url": "https://•••@x/v1",
        "api_key_command": ["pass", "•••", "•••"],
        "oauth": {
            "token_url": "https://t/o?code=•••",
            "client_id": "id",
            "refresh_token_command": ["get", "•••"],
        },
        "headers": {"Authorization": "•••", "X-Team": "a", "X-Own": "•••", "User-Agent": "u"},
        "public_headers": ["x-team"],
        "proxy": "http://•••@p:3128/?x=•••",
        "chat_path": "/chat?api-version=1&code=•••&•••",
        "models": {"m": {"params": {"api_token": "•••", "max_tokens": 5}}},
    }


def test_the_example_is_put_where_nothing_is_and_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    init(file)
    assert file.read_text("utf-8") == example_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("dangling", [False, True])
def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, dangling: bool) -> None:
    file = tmp_path / "config.toml"
    if dangling:
        file.symlink_to(tmp_path / "nowhere")
    else:
        file.write_text("mine")
    with pytest.raises(ConfigError, match="already exists"):
        init(file)
    assert dangling or file.read_text() == "mine"


def test_an_example_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        init(tmp_path / "file" / "config.toml")


def uncommented(text: str) -> str:
    """The example with the comment marks of its settings taken away."""
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def test_every_example_setting_can_be_used() -> None:
    text = uncommented(example_text())
    # alternatives of each other: what is set twice, and what only stands for a key
    text = text.replace('default_model = "guide/guide"\n', "", 1)
    text = "\n".join(
        line
        for line in text.splitlines()
        if not line.startswith(
            ("api_key_command", "api_key_file", "api_key_keyring", "api_key =", "refresh_token_command")
        )
    )
    result = build_config(Path("/etc/config.toml"), tomllib.loads(text), scan(text))
    assert [str(problem) for problem in result.problems] == []
    assert result.config.providers["work"].oauth is not None
    for line in ("api_key_command", "api_key_file", "refresh_token_command"):
        assert f"\n{line} = " in uncommented(example_text())


def test_the_example_shows_every_field_of_the_schema() -> None:
    from holytui.config.reader import file_fields

    shown = set(re.findall(r"(?:^|[{,.] *|\.)#?\"?([a-z_]+)\"? = ", example_text(), re.MULTILINE))
    for cls in (Stream, Ui, Provider, Model, OAuth):
        assert set(file_fields(cls)) - {"models", "oauth"} <= shown
    assert {"default_model", "system", "cached"} <= shown


def test_the_example_lists_every_key_with_its_default() -> None:
    text = uncommented(example_text().partition("[keys]\n")[2])
    listed = {name: (keys,) if isinstance(keys, str) else tuple(keys) for name, keys in tomllib.loads(text).items()}
    assert listed == {action.id: action.keys for action in keymap.ACTIONS}
    assert all(action.help in text for action in keymap.ACTIONS)


def test_the_example_names_every_preset() -> None:
    for preset in PRESETS.values():
        assert f"   {preset.name}  " in example_text()
        assert preset.key_env in example_text()


ORIGINAL = """\
# my notes

[ui]   # looks
  theme = "light"  # not at night
  mouse = true

[stream]
# nothing yet
[[odd]]
x = 1
"""


@pytest.mark.parametrize(
    ("names", "value", "old", "new"),
    [
        (("ui", "theme"), "dark", 'theme = "light"  #', 'theme = "dark"  #'),
        (("ui", "sidebar"), False, "  mouse = true\n", "  mouse = true\n  sidebar = false\n"),
        (("stream", "max_retries"), 5, "[stream]\n", "[stream]\nmax_retries = 5\n"),
        (("system",), "Be short.", "# my notes\n\n", '# my notes\n\nsystem = "Be short."\n'),
        (("keys", "chat.stop"), ["f1", "f2"], "x = 1\n", 'x = 1\n\n[keys]\n"chat.stop" = ["f1", "f2"]\n'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_value_changes_and_the_rest_stays(
    names: tuple[str, ...], value: object, old: str, new: str, newline: str
) -> None:
    text = ORIGINAL.replace("\n", newline)
    result = set_key(text, names, value)
    assert result.replace("\r\n", "\n") == ORIGINAL.replace(old, new)
    assert result.count("\r\n") == (result.count("\n") if newline == "\r\n" else 0)


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("", ("a",), "a = 1\n"),
        ("x = 2", ("a",), "x = 2\na = 1\n"),
        ("x = 2", ("t", "a"), "x = 2\n\n[t]\na = 1\n"),
        ("[t]", ("t", "a"), "[t]\na = 1\n"),
        ("t = {}", ("t", "a"), "t = { a = 1 }"),
        ("t = { x = 2 } # c\n", ("t", "a"), "t = { x = 2, a = 1 } # c\n"),
        ("t.x = 2\ny = 1\n", ("t", "a"), "t.x = 2\nt.a = 1\ny = 1\n"),
        ("[t]\nu.x = 2\n[v]\n", ("t", "u", "a"), "[t]\nu.x = 2\nu.a = 1\n[v]\n"),
        ("[t.u]\nx = 2\n", ("t", "a"), "[t.u]\nx = 2\n\n[t]\na = 1\n"),
        ("# only a comment\n", ("a",), "a = 1\n# only a comment\n"),
        ("t = { a = 5, x = 2 }\n", ("t", "a"), "t = { a = 1, x = 2 }\n"),
    ],
)
def test_a_new_key_goes_to_its_table_however_that_is_written(text: str, names: tuple[str, ...], expected: str) -> None:
    assert set_key(text, names, 1) == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[a", ("x",)),
        ("[x]\ny = 1", ("x",)),
        ("x = 5", ("x", "y")),
        ("[[x]]\ny = 1", ("x", "y")),
        ("x = []", ("x", "y")),
    ],
)
def test_what_cannot_be_done_cleanly_is_refused(text: str, names: tuple[str, ...]) -> None:
    with pytest.raises(CannotEdit):
        set_key(text, names, 1)


names_ = st.sampled_from(["a", "b", "c d", "e.f"])
leaf = st.integers() | st.text(max_size=5) | st.booleans() | st.lists(st.integers(), max_size=2)
docs = st.dictionaries(names_, st.recursive(leaf, lambda t: st.dictionaries(names_, t, max_size=3), max_leaves=6))


@settings(max_examples=200, deadline=None)
@given(docs, st.lists(names_, min_size=1, max_size=3), leaf)
def test_a_change_is_that_change_or_refused(table: dict[str, object], names: list[str], value: object) -> None:
    text = tomli_w.dumps(table)
    try:
        new = set_key(text, tuple(names), value)
    except CannotEdit:
        node: object = table
        for name in names[:-1]:
            node = node.get(name, {}) if isinstance(node, dict) else None
        assert not isinstance(node, dict) or isinstance(node.get(names[-1]), dict)
        return
    got: object = tomllib.loads(new)
    for name in names:
        assert isinstance(got, dict)
        got = got[name]
    assert got == value


def test_a_value_is_written_back_and_the_file_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[ui]\r\ntheme = 'a' # mine\r\n")
    file.chmod(0o644)
    set_value(file, "ui.theme", "b")
    assert file.read_bytes() == b'\xef\xbb\xbf[ui]\r\ntheme = "b" # mine\r\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(file).config.ui.theme == "b"


def test_the_first_value_makes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    set_value(file, ("keys", "chat.stop"), "f12")
    assert file.read_text() == '[keys]\n"chat.stop" = "f12"\n'


def test_a_linked_file_stays_linked(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("")
    link.symlink_to(real)
    set_value(link, "system", "x")
    assert link.is_symlink()
    assert real.read_text() == 'system = "x"\n'


@pytest.mark.parametrize("content", [b"[broken", b"\xff"])
def test_a_file_that_is_no_toml_is_not_touched(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ui.theme was not written"):
        set_value(file, "ui.theme", "x")
    assert file.read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} == {"config.toml", "home"}


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        set_value(tmp_path, "ui.theme", "x")
