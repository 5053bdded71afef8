"""The whole program in a real terminal, talking to its own guide."""

from __future__ import annotations

import sqlite3
import unicodedata
from pathlib import Path

import pytest

from tests.ptys import Terminal

READY = "Ask anything"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(folder))
    return folder / "history.db"


def _texts(file: Path, role: str) -> list[str]:
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute("SELECT text FROM message WHERE role = ? ORDER BY id", (role,)).fetchall()
    finally:
        connection.close()
    return [row[0] for row in rows]


def test_a_question_is_answered_and_is_on_disk(data: Path) -> None:
    with Terminal.holytui() as terminal:
        terminal.wait_for(READY)
        terminal.type("count to 12\r")
        terminal.wait_for("11, 12")
        terminal.wait_for("ready")
        assert "count to 12" in terminal.text
        terminal.type("\x04")
        assert terminal.wait_end() == 0
    assert _texts(data, "user") == ["count to 12"]
    assert "12" in _texts(data, "assistant")[0]


def test_a_question_in_line_at_the_end_goes_out_at_the_next_start(data: Path) -> None:
    with Terminal.holytui() as terminal:
        terminal.wait_for(READY)
        terminal.type("count to 900\r")
        terminal.wait_for("9, 10")
        terminal.type("what does Esc do?\r")
        terminal.wait_for("Queued: goes out")
        terminal.type("\x04")
        assert terminal.wait_end() == 0
    assert _texts(data, "assistant")[1] == ""
    with Terminal.holytui() as terminal:
        terminal.wait_for("Stop the answer")
        terminal.wait_for("ready")
        terminal.type("\x04")
        assert terminal.wait_end() == 0
    counted, told = _texts(data, "assistant")
    assert "900" not in counted
    assert "Stop the answer" in told


def test_vietnamese_arrives_composed_however_it_was_typed(data: Path) -> None:
    composed = "Tiếng Việt rất đẹp"
    backspaced = "Tieng\x7f\x7f\x7fếng Viet\x7f\x7fệt rất đẹp"
    with Terminal.holytui() as terminal:
        terminal.wait_for(READY)
        for typed in (composed, unicodedata.normalize("NFD", composed), backspaced):
            terminal.type(typed)
            terminal.wait_until(lambda: composed in unicodedata.normalize("NFC", terminal.text))
            terminal.type("\r")
            terminal.wait_until(lambda: "receiving" in terminal.screen.display[-1])
            terminal.type("\x1b")
            terminal.wait_until(lambda: "stopped" in terminal.screen.display[-1])
        terminal.type("\x04")
        terminal.wait_end()
    assert _texts(data, "user") == [composed] * 3
    connection = sqlite3.connect(data)
    assert connection.execute("SELECT title FROM conversation").fetchall() == [(composed,)]
    connection.close()


def test_what_others_wrote_on_the_screen_is_painted_over_with_one_key(data: Path) -> None:
    with Terminal.holytui() as terminal:
        terminal.wait_for(READY)
        terminal.write_over("wall: going down")
        assert "wall" in terminal.text
        terminal.type("\x0c")
        terminal.wait_gone("wall: going down")
        terminal.wait_for(READY)


def test_stop_keeps_the_text_and_gives_the_prompt_back(data: Path) -> None:
    with Terminal.holytui("count", "to", "900") as terminal:
        terminal.wait_for("19, 20")
        terminal.type("\x1b")
        terminal.wait_for("stopped by you")
        terminal.type("still here")
        terminal.wait_for("still here")
    assert "19, 20" in _texts(data, "assistant")[0]


def test_a_server_that_is_down_is_a_line_and_no_traceback(tmp_path: Path, data: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        'default_model = "gone/x"\n[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\n[stream]\nmax_retries = 1\n'
    )
    with Terminal.holytui("--config", str(config)) as terminal:
        terminal.wait_for(READY)
        terminal.type("hello\r")
        terminal.wait_for("offline since")
        assert "Traceback" not in terminal.text
        terminal.type("\x1b")
        terminal.wait_for("stopped")


def test_a_broken_config_is_shown_and_the_app_works(tmp_path: Path, data: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[stream]\nmax_retries = "three"\nretry_dely = 2\n[keys]\n"chat.stpo" = "f12"\n')
    with Terminal.holytui("--config", str(config), cols=140) as terminal:
        terminal.wait_for(READY)
        for words in ("config.toml:2", "retry_delay", "chat.stop"):
            terminal.wait_for(words)
        terminal.type("count to 3\r")
        terminal.wait_for("ready")


def test_the_next_start_shows_what_a_kill_cut_off(data: Path) -> None:
    with Terminal.holytui("count", "to", "900") as terminal:
        terminal.wait_for("29, 30")
        terminal.kill()
    with Terminal.holytui() as terminal:
        terminal.wait_for("count to 900")
        terminal.wait_for("holytui ended before this answer did")
        terminal.type("\t")
        terminal.type("c")
        terminal.wait_for("59, 60")
    assert _texts(data, "user") == ["count to 900"]


def test_every_size_down_to_sixty_by_twenty_shows_prompt_and_status(data: Path) -> None:
    with Terminal.holytui(cols=200, rows=60) as terminal:
        terminal.wait_for(READY)
        for cols, rows in ((60, 20), (40, 10), (120, 40)):
            terminal.resize(cols, rows)
            terminal.wait_until(lambda: READY in terminal.text and "ready" in terminal.screen.display[-1])
