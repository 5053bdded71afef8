from __future__ import annotations

from pathlib import Path

import pytest

from holytui.config.schema import Ui
from holytui.ui.themes import loader


def test_our_own_palettes_can_all_be_used() -> None:
    found = loader.load([loader.own_folder()])
    assert {theme.name for theme in found.themes} == {
        "holytui-dark",
        "holytui-light",
        "holytui-contrast",
        "holytui-16",
    }
    assert not found.problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("primary = [", "Invalid"),
        ('primry = "#ffffff"', "did you mean “primary”"),
        ('name = "a\\u001b[31m"\nprimary = "#ffffff"', "“name” must be"),
        ('name = ""\nprimary = "#ffffff"', "“name” must be"),
        ('name = 3\nprimary = "#ffffff"', "“name” must be"),
        ("dark = true", "“primary” is missing"),
        ('primary = "#ffffff"\nerror = "no colour"', "no colour"),
        ('primary = "#ffffff"\nvariables = 3', ""),
    ],
    ids=["syntax", "unknown key", "bad name", "no name", "number", "missing", "bad colour", "bad table"],
)
def test_a_broken_palette_is_reported_and_the_others_stay(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    (tmp_path / "good.toml").write_text('primary = "#112233"')
    found = loader.load([tmp_path])
    assert [theme.name for theme in found.themes] == ["good"]
    assert len(found.problems) == 1
    assert found.problems[0].startswith("bad.toml: ")
    assert said in found.problems[0]


@pytest.mark.parametrize("dark", ["true", "false"])
def test_a_palette_of_the_terminals_own_colours_has_all_that_the_style_sheet_asks_for(
    tmp_path: Path, dark: str
) -> None:
    (tmp_path / "own.toml").write_text(f'primary = "ansi_blue"\nansi = true\ndark = {dark}')
    (theme,) = loader.load([tmp_path]).themes
    assert "ansi-background" in theme.variables


def test_a_users_palette_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "holytui-dark"\nprimary = "#112233"')
    found = loader.load([loader.own_folder(), tmp_path])
    assert {theme.name: theme.primary for theme in found.themes}["holytui-dark"] == "#112233"


def test_a_theme_that_is_not_there_is_told_with_the_nearest_one() -> None:
    known = {"holytui-dark", "holytui-light"}
    assert not loader.describe_unknown(Ui(theme="holytui-dark"), known)
    assert not loader.describe_unknown(Ui(theme="auto", theme_light="holytui-light"), known)
    (said,) = loader.describe_unknown(Ui(theme="holytui-drak"), known)
    assert said == 'ui.theme: there is no theme "holytui-drak"; did you mean "holytui-dark"?'
    (said,) = loader.describe_unknown(Ui(theme_dark="zzz"), known)
    assert said == 'ui.theme_dark: there is no theme "zzz"; there are holytui-dark, holytui-light'


def test_a_file_cannot_take_the_name_that_follows_the_background(tmp_path: Path) -> None:
    (tmp_path / "auto.toml").write_text('primary = "#112233"')
    found = loader.load([tmp_path])
    assert not found.themes
    assert "auto" in found.problems[0]
