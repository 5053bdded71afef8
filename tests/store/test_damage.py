"""Damaged histories: whatever plain sqlite can still read of them is there, and nothing ends in a traceback."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.errors import StoreCorrupt
from holytui.models import AnswerState, Role
from holytui.store.sqlite import backups, opening
from holytui.store.sqlite.connect import connect_untouched
from holytui.store.sqlite.damaged_tables import walk_rows
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.tags import TagChange
from holytui.ui.transcript.message_view import MessageView
from tests.store import damage
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, ask

SHORT = range(18)
LONG = range(500)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return damage.sample(tmp_path_factory.mktemp("sound") / "history.db")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "history.db"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", SHORT)
def test_no_readable_text_is_lost(sound: bytes, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path))
    assert damage.trial(sound, number, tmp_path) == []


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_no_readable_text_is_lost_in_hundreds_of_files(
    sound: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path))
    wrong = {}
    for number in LONG:
        folder = tmp_path / str(number)
        folder.mkdir()
        if found := damage.trial(sound, number, folder):
            wrong[number] = found
    assert wrong == {}


def spoil(file: Path, *statements: str) -> None:
    """Write values that holytui would never write."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def talk(file: Path) -> str:
    with SqliteHistory(file) as history:
        asked = ask(history, "a question")
        history.journal(asked.attempt.id, CONTENT, "an answer")
        history.finish(replace(asked.answer, text="an answer", state=AnswerState.COMPLETE))
        return asked.conversation_id


OF_THE_ANSWER = "WHERE role = 'assistant'"


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        (f"UPDATE message SET state = 'odd' {OF_THE_ANSWER}", "state"),
        (f"UPDATE message SET text = x'616eff' {OF_THE_ANSWER}", "text"),
        (f"UPDATE message SET text = CAST(x'616eff' AS TEXT) {OF_THE_ANSWER}", "text"),
        (f'UPDATE message SET usage = \'{{"input": "many"}}\' {OF_THE_ANSWER}', "usage"),
        (f"UPDATE message SET problem = '[' {OF_THE_ANSWER}", "problem"),
        (f"UPDATE message SET seams = '[\"a\"]' {OF_THE_ANSWER}", "seams"),
        (f"UPDATE message SET created_at = 'soon' {OF_THE_ANSWER}", "created_at"),
        (f"UPDATE message SET left_out = 9e999 {OF_THE_ANSWER}", "left_out"),
    ],
)
def test_a_wrong_value_is_repaired_and_told(
    file: Path, statement: str, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    talk_id = talk(file)
    spoil(file, statement)
    assert main(["history", "show", talk_id]) == 0
    assert "Part of this is damaged in the history file." in capsys.readouterr().out
    assert main(["history", "export", "--format", "jsonl"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    question, answer = sorted(json.loads(line)["messages"], key=lambda each: str(each["role"]), reverse=True)
    assert answer["repaired"] == [field]
    assert "repaired" not in question
    if field == "text":
        assert answer["text"] == "an\ufffd"
    for form in ("md", "html"):
        assert main(["history", "export", "--format", form]) == 0
        assert "Part of this is damaged" in capsys.readouterr().out
    assert main(["history", "search", "answer"]) == 0
    with SqliteHistory(file) as history:
        shown = MessageView(history.branch(talk_id)[-1])
        assert any("damaged in the history file" in shown.line(80, y).content.plain for y in range(shown.height(80)))
        assert history.unfinished() == []


DEEP = '{"a":' * 700 + "1" + "}" * 700


@pytest.mark.parametrize("params", ["'{'", "'[1]'", "x'7b7d'", f"'{DEEP}'"], ids=["cut", "list", "blob", "deep"])
def test_wrong_parameters_do_not_keep_the_history_from_opening(
    file: Path, params: str, capsys: pytest.CaptureFixture[str]
) -> None:
    talk_id = talk(file)
    spoil(file, f"UPDATE conversation SET params = {params}")
    with SqliteHistory.open(file) as history:
        found = history.conversation(talk_id)
        assert found is not None
        assert (found.params, found.repaired) == ({}, ("params",))
        assert list(history.conversations()) == [found]
    for form in ("json", "jsonl", "md", "html"):
        assert main(["history", "export", "--format", form]) == 0


def test_parameters_that_an_older_import_let_in_are_not_sent(file: Path) -> None:
    talk_id = talk(file)
    spoil(file, """UPDATE conversation SET params = '{"messages": [], "model": "other", "top_p": 1}'""")
    with SqliteHistory.open(file) as history:
        found = history.conversation(talk_id)
        assert found is not None
        assert found.params == {"top_p": 1}


def test_a_screen_opens_over_wrong_rows_and_asks(file: Path) -> None:
    talk(file)
    spoil(file, "UPDATE message SET state = x'00'", "UPDATE conversation SET params = '{', title = x'ff'")
    damage._as_a_screen(file)


def test_rows_between_two_damages_are_found(sound: bytes, tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(sound)
    with closing(sqlite3.connect(path)) as connection:
        leaves = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = 'message' AND pagetype = 'leaf' ORDER BY path"
        ).fetchall()
    spoilt = bytearray(sound)
    for (page,) in leaves[2::4]:
        spoilt[(page - 1) * damage.PAGE : page * damage.PAGE] = bytes(damage.PAGE)
    path.write_bytes(spoilt)
    with closing(connect_untouched(path)) as connection:
        found = {number for number, _row in walk_rows(connection, "*", "message")}
        expected = set()
        for number in range(1, 400):
            try:
                if connection.execute("SELECT * FROM message WHERE rowid = ?", (number,)).fetchone():
                    expected.add(number)
            except sqlite3.DatabaseError:
                pass
        assert 20 < len(expected) < 140
        assert found == expected


def lose_a_page(file: Path, table: str = "message") -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (table,)
        ).fetchall()
    with file.open("r+b") as out:
        out.seek((pages[len(pages) // 2][0] - 1) * damage.PAGE)
        out.write(b"\xff" * damage.PAGE)


def test_a_large_file_is_read_around_its_damage_and_mended_at_the_next_start(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "_CHECKED_SIZE", 0)  # as if it were too large to be checked at every start
    with SqliteHistory(file) as history:
        made = history.create_conversation(title="Long").id
        parent = None
        for number in range(60):
            parent = history.add_message(made, Role.USER, f"word {number} " * 40, parent_id=parent).id
    lose_a_page(file)
    assert main(["history", "export", "--format", "jsonl"]) == 1
    said = capsys.readouterr()
    assert len(json.loads(said.out)["messages"]) > 45
    assert "cannot be read and is skipped" in said.err
    assert backups.is_suspect(file)
    assert main(["history", "list"]) == 0
    said = capsys.readouterr()
    assert "The damaged file is kept as" in said.err
    assert not backups.is_suspect(file)
    assert main(["history", "list"]) == 0
    assert capsys.readouterr().err == ""


def test_answers_are_shown_without_their_attempts_if_these_are_damaged(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_CHECKED_SIZE", 0)  # as if it were too large to be checked at every start
    made = None
    with SqliteHistory(file) as history:
        for number in range(60):
            asked = ask(history, f"question {number}", made)
            made = asked.conversation_id
            history.finish(replace(asked.answer, text=f"answer {number}", state=AnswerState.COMPLETE))
    assert made is not None
    lose_a_page(file, "attempt")
    with SqliteHistory(file) as history:
        answers = [message for message in history.branch(made) if message.role is Role.ASSISTANT]
        assert [answer.text for answer in answers] == [f"answer {number}" for number in range(60)]
        assert {answer.attempts for answer in answers} == {0, 1}
        assert history.damage_warning


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE message SET conversation_id = 'else' WHERE role = 'user'",
        "UPDATE message SET parent_id = 'else' WHERE role = 'assistant'",
        "UPDATE conversation SET id = x'ff'",
        "UPDATE delta SET kind = 'odd'",
        "DELETE FROM message WHERE role = 'assistant'",
    ],
)
def test_rows_that_nobody_would_find_get_their_place_back(file: Path, statement: str) -> None:
    talk(file)
    spoil(file, statement)
    with pytest.raises(StoreCorrupt):
        SqliteHistory(file)
    with SqliteHistory.open(file) as history:
        texts = [message.text for one in history.conversations() for message in history.branch(one.id)]
        assert "an answer" in texts
        assert "a question" in texts


def test_a_damaged_cut_takes_nothing_out_of_an_answer_that_is_made_from_its_journal(file: Path) -> None:
    talk(file)
    odd = "CAST(x'ff' AS TEXT)"
    spoil(file, f'UPDATE attempt SET keep = {odd}, "end" = {odd}', "DELETE FROM message WHERE role = 'assistant'")
    with SqliteHistory.open(file) as history:
        (answer,) = (m for one in history.conversations() for m in history.branch(one.id) if m.text == "an answer")
        (attempt,) = history.attempts(answer.id)
        assert (attempt.keep, attempt.end) == (-1, -1)


def test_a_damaged_question_is_not_told_to_be_an_empty_answer(file: Path) -> None:
    talk_id = talk(file)
    spoil(file, "UPDATE message SET text = x'', state = 'odd' WHERE role = 'user'")
    with SqliteHistory(file) as history:
        shown = MessageView(history.branch(talk_id)[0])
        told = "".join(shown.line(80, y).content.plain for y in range(shown.height(80)))
        assert "damaged in the history file" in told
        assert "empty answer" not in told


def test_a_journal_without_its_answer_is_a_conversation_of_its_own(file: Path) -> None:
    talk(file)
    spoil(file, "DELETE FROM message WHERE role = 'assistant'", "DELETE FROM attempt", "DELETE FROM conversation")
    with SqliteHistory.open(file) as history:
        texts = [message.text for one in history.conversations() for message in history.branch(one.id)]
        assert sorted(texts) == ["a question", "an answer"]


def test_controls_in_a_file_from_elsewhere_do_not_reach_the_terminal(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk_id = talk(file)
    evil = "CAST(x'1b5d35323b633b7807' || CAST(' answer ' AS BLOB) || x'c29b33316d' AS TEXT)"
    spoil(
        file,
        f"UPDATE message SET text = {evil}, model = {evil}, finish_reason = {evil}",
        f"UPDATE conversation SET title = {evil}",
        "UPDATE message SET problem = json_object('title', 'a' || char(27), 'hint', char(155), 'fault', NULL)",
        f"UPDATE attempt SET resumed_by = {evil}, finish_reason = {evil}",
    )
    for words in (
        ["list"],
        ["list", "--json"],
        ["show", talk_id, "--attempts"],
        ["search", "answer"],
        ["search", "--json", "answer"],
        *(["export", "--format", form] for form in ("md", "html", "json", "jsonl")),
    ):
        main(["history", *words])
        said = capsys.readouterr()
        assert not {"\x1b", "\x07", "\x9b"} & set(said.out + said.err), words


def test_a_title_from_elsewhere_stays_on_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    talk_id = talk(file)
    spoil(file, "UPDATE conversation SET title = 'one' || char(13, 10) || 'two'")
    assert main(["history", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{talk_id[-8:]}  ")
    assert "two" in line


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM search_data WHERE id > 10", "DELETE FROM search_data WHERE id = 10"],
    ids=["words", "structure"],
)
def test_a_damaged_index_of_words_does_not_stop_the_search_or_a_question(
    opener: Opener, path: Path, statement: str
) -> None:
    first = opener()
    made = first.create_conversation(title="Talk").id
    for number in range(50):
        first.add_message(made, Role.USER, f"findable words {number}", parent_id=None)
    first.close()
    spoil(path, statement)
    history = opener()
    assert len(history.search("findable")) == 50
    history.add_message(made, Role.USER, "one more", parent_id=None)
    assert len(history.search("more")) == 1
    history.close()
    with SqliteHistory.open(path) as again:  # with the index made anew
        assert len(again.search("findable")) == 50
        assert len(again.search("more")) == 1


def test_the_numbers_choose_the_same_damage_again(sound: bytes, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for number in range(len(damage.WAYS) - 1):  # `_values` goes through sqlite, which writes times
        assert damage.damage(sound, number, one) == damage.damage(sound, number, two)
        assert one.read_bytes() == two.read_bytes()
        one.unlink()


def test_a_schema_with_a_damaged_name_is_damage(file: Path) -> None:
    """The module cannot even make an error of it, as sqlite quotes the name."""
    talk(file)
    spoil(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    spoilt = file.read_bytes()
    assert spoilt.count(b"CREATE INDEX message_parent") == 1
    file.write_bytes(spoilt.replace(b"CREATE INDEX message_parent", b"CREATE \xbeNDEX message_parent"))
    with SqliteHistory.open(file) as history:
        assert "damaged" in history.warnings[0]
        texts = [message.text for one in history.conversations() for message in history.branch(one.id)]
        assert texts == ["a question", "an answer"]


def test_of_a_row_with_a_lost_part_the_rest_is_read(sound: bytes, tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(sound)
    with closing(sqlite3.connect(path)) as connection:
        overflow = "SELECT pageno FROM dbstat WHERE name = 'message' AND pagetype = 'overflow'"
        pages = [page for (page,) in connection.execute(overflow)]
        (count,) = connection.execute("SELECT count(*) FROM message").fetchone()
    spoilt = bytearray(sound)
    for page in pages:  # each begins with the number of the next one
        spoilt[(page - 1) * damage.PAGE : (page - 1) * damage.PAGE + 4] = b"\xff" * 4
    path.write_bytes(spoilt)
    with closing(connect_untouched(path)) as connection:
        found = [row for _number, row in walk_rows(connection, "id, text, role", "message")]
    assert len(found) == count
    assert all(row[0] for row in found)
    assert 0 < sum(row[1] is None for row in found) < count


def test_damaged_tags_and_labels_are_left_out(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.db") as history:
        talk = history.create_conversation(title="t").id
        question = history.add_message(talk, Role.USER, "q", parent_id=None)
        values = "tags = '[1', labels = '[]x', pruned = '{\"a\": \"b\"}'"
        history._writer.call(lambda db: db.execute(f"UPDATE conversation SET {values}").rowcount)
        (found,) = history.conversations()
        assert (found.title, found.tags, found.repaired) == ("t", (), ("tags",))
        assert history.labels(talk) == {}
        assert [entry.id for entry in history.outline(talk)] == [question.id]
        assert history.change_tags(talk, TagChange(("new",))) == ("new",)
        assert history.conversations()[0].tags == ("new",)
