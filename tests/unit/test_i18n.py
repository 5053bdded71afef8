from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from holytui import formatting as fmt
from holytui import i18n
from holytui.cli import main
from holytui.commands.argument_parser import WORDS
from holytui.i18n import LANGUAGES, _, language, ngettext
from holytui.keymap import ACTIONS
from holytui.presentation.notice import Connection, Level

DAY = datetime(2026, 3, 7, 12, 4, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi"}, "vi"),
        ({"LANG": "VI-vn"}, "vi"),
        ({"LANG": "vi@latin"}, "vi"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "xx_YY.UTF-8"}, "en"),
        ({"LANG": "vie"}, "en"),
        ({"LANG": "vi", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en", "LC_MESSAGES": ""}, "en"),
        ({"LANG": "en", "LC_MESSAGES": "en", "LC_ALL": "vi_VN"}, "vi"),
        ({"LC_ALL": "en", "LANGUAGE": "vi"}, "vi"),
        ({"LANGUAGE": "xx:vi:en"}, "vi"),
        ({"LANGUAGE": "en:vi"}, "en"),
        ({"LANGUAGE": "xx", "LANG": "vi"}, "en"),
        ({"LANGUAGE": "en", "HOLYTUI_LANG": "vi"}, "vi"),
        ({"LANGUAGE": "vi", "HOLYTUI_LANG": "xx"}, "en"),
    ],
)
def test_the_first_variable_that_is_set_decides(
    environment: Mapping[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANG")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_what_is_set_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLYTUI_LANG", "en")
    i18n.set_language("vi")
    assert language() == "vi"
    i18n.set_language("")
    assert language() == "en"


def test_the_configuration_stands_between_our_variable_and_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    i18n.set_default_language("vi")
    assert language() == "vi"
    monkeypatch.setenv("HOLYTUI_LANG", "en")
    assert language() == "en"
    i18n.set_language("vi")
    assert language() == "vi"
    i18n.set_language("")
    i18n.set_default_language("")
    assert language() == "en"


@pytest.mark.usefixtures("words")
def test_words_follow_the_language_at_once() -> None:
    assert _("stopped") == "stopped"
    i18n.set_language("vi")
    assert _("stopped") == "đã dừng"
    i18n.set_language("en")
    assert _("stopped") == "stopped"


@pytest.mark.usefixtures("words")
def test_an_unknown_language_has_english_words() -> None:
    i18n.set_language("xx")
    assert _("stopped") == "stopped"
    assert ngettext("{count} second", "{count} seconds", 2) == "{count} seconds"


def test_without_a_catalogue_words_are_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
    i18n.set_language("vi")
    assert _("stopped") == "stopped"


@pytest.mark.usefixtures("words")
def test_english_has_two_forms_and_vietnamese_one() -> None:
    forms = [ngettext("{count} second", "{count} seconds", count) for count in (0, 1, 2)]
    assert forms == ["{count} seconds", "{count} second", "{count} seconds"]
    i18n.set_language("vi")
    assert {ngettext("{count} second", "{count} seconds", count) for count in (0, 1, 2)} == {"{count} giây"}


def test_every_language_but_english_has_a_catalogue() -> None:
    assert sorted(folder.name for folder in i18n.LOCALE_DIR.iterdir() if folder.is_dir()) == sorted(LANGUAGES[1:])


@pytest.mark.usefixtures("vietnamese")
def test_every_key_has_a_vietnamese_label_and_explanation() -> None:
    for action in ACTIONS:
        assert _(action.label) != action.label
        assert _(action.help) != action.help


@pytest.mark.usefixtures("vietnamese")
def test_the_running_parts_of_a_state_survive_the_translation() -> None:
    words = _("retry {number}/{limit} in {{left}} · {cause}").format(number=2, limit=3, cause="x")
    assert Connection(Level.WARNING, words, due=12.0).words(4.0) == "thử lại 2/3 sau 8,0 s · x"


@pytest.mark.usefixtures("vietnamese")
def test_numbers_times_and_dates_are_vietnamese() -> None:
    assert fmt.decimal(1234.5, 1) == "1234,5"
    assert fmt.count(12_400) == "12,4k"
    assert fmt.whole(10_000) == "10.000"
    assert fmt.seconds(0.84) == "0,8 s"
    assert fmt.seconds(185) == "3 phút 5 s"
    assert fmt.seconds(7800) == "2 giờ 10 phút"
    assert fmt.size(1_300_000) == "1,3 MB"
    assert fmt.cost(0.0123) == "0,0123"
    assert fmt.day(date(2026, 3, 7)) == "07/03/2026"
    assert fmt.moment(DAY, date(2026, 3, 8)) == "07/03/2026 12:04"
    assert fmt.moment(DAY, date(2026, 3, 7)) == "12:04"


@pytest.mark.parametrize(
    ("today", "vietnamese", "english"),
    [
        (date(2026, 3, 7), "Hôm nay", "Today"),
        (date(2026, 3, 8), "Hôm qua", "Yesterday"),
        (date(2026, 3, 12), "Tuần này", "This week"),
        (date(2026, 3, 25), "Tháng này", "This month"),
        (date(2026, 7, 1), "03/2026", "2026-03"),
    ],
)
@pytest.mark.usefixtures("words")
def test_the_list_is_grouped_by_days_in_words(today: date, vietnamese: str, english: str) -> None:
    assert fmt.day_group(DAY, today) == english
    i18n.set_language("vi")
    assert fmt.day_group(DAY, today) == vietnamese


def test_english_numbers_and_dates_are_plain() -> None:
    assert (fmt.decimal(0.5, 1), fmt.whole(10_000), fmt.day(date(2026, 3, 7))) == ("0.5", "10,000", "2026-03-07")


# -- the command line


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    "arguments", [["--lang", "vi"], ["--lang=vi"], ["--config", "none", "--lang", "vi"]], ids=" ".join
)
def test_commands_speak_vietnamese(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    assert main([*arguments, "config", "init", "--config", str(file)]) == 0
    assert capsys.readouterr().out == f"Đã ghi: {file}\n"
    assert main([*arguments, "history", "search", "nothing"]) == 1
    assert capsys.readouterr().err == "holytui: không tìm thấy gì\n"


@pytest.mark.usefixtures("words")
def test_lang_may_stand_behind_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["config", "--lang", "vi"])
    assert "thiếu các tham số sau: what" in capsys.readouterr().err


@pytest.mark.usefixtures("words")
def test_the_configuration_chooses_the_language_of_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[ui]\nlanguage = "vi"\n[stream]\nmax_retries = "three"\n')
    assert main(["config", "show", "--config", str(file)]) == 1
    assert "đang là" in capsys.readouterr().err
    monkeypatch.setenv("HOLYTUI_LANG", "en")
    assert main(["config", "show", "--config", str(file)]) == 1
    assert "expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["not toml [", "ui = 3", "[ui]\nlanguage = 3", "[ui]", "a = " + "[" * 5000], ids=lambda text: text[:12]
)
def test_a_configuration_that_names_no_language_is_no_trouble(text: str, tmp_path: Path) -> None:
    from holytui.config.peek_language import configured_language

    file = tmp_path / "config.toml"
    file.write_text(text)
    assert configured_language(file) == ""
    assert configured_language(tmp_path / "none.toml") == ""
    assert configured_language(tmp_path) == ""


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    "command", [[], ["ask"], ["connect"], ["check"], ["models"], ["history"], ["config"]], ids="".join
)
def test_help_is_vietnamese(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--lang", "vi", *command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("cách dùng: holytui")
    assert "hiện trợ giúp này rồi thoát" in out
    assert not [word for word in (" the ", "usage", "options:", "arguments:") if word in out]


@pytest.mark.usefixtures("words")
def test_complaints_about_arguments_are_vietnamese(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--lang", "vi", "history", "list", "-n", "many"])
    assert ended.value.code == 2
    assert "lỗi: tham số -n/--limit: giá trị int không hợp lệ: 'many'" in capsys.readouterr().err


def test_lang_without_a_language_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--lang"])
    assert ended.value.code == 2
    assert "expected one argument" in capsys.readouterr().err


def test_what_argparse_says_is_known_to_the_catalogue() -> None:
    said = {
        message
        for _line, message, _comments, _context in extract_from_file("python", argparse.__file__, keywords={"_": None})
    }
    newer = {"invalid choice: %(value)r, maybe you meant %(suggestion)r? (choose from %(choices)s)"}
    version = "show program's version number and exit"  # not marked in argparse before Python 3.12
    assert set(WORDS) - newer - {version} <= said


# -- the cost


def test_words_cost_nothing_before_the_first_is_said() -> None:
    code = (
        "import sys, holytui.i18n; print(*{'gettext', 'importlib.resources', 'babel', 'argparse'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True)
    assert ran.stdout.strip() == ""
