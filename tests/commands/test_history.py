from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.models import AnswerState, Role
from holytui.store.sqlite.history import SqliteHistory
from tests.ptys import Terminal
from tests.store.samples import CONTENT, ask

ANSWER = "Đường **dài**\n\n```python\ndef f() -> int:\n    return 1\n```\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "history.db"


@pytest.fixture
def ids(file: Path) -> list[str]:
    """Two conversations with an answer each, the older first."""
    made = []
    for number, year in enumerate((2020, 2024)):
        with SqliteHistory(file, clock=lambda year=year: (year - 1970) * 31_557_000.0) as history:  # type: ignore[misc]
            asked = ask(history, f"question {number}")
            history.update_conversation(asked.conversation_id, title=f"Talk {number}")
            history.journal(asked.attempt.id, CONTENT, ANSWER)
            history.finish(replace(asked.answer, text=ANSWER, state=AnswerState.COMPLETE))
            made.append(asked.conversation_id)
    return made


@pytest.fixture
def history(file: Path, ids: list[str]) -> Iterator[SqliteHistory]:
    with SqliteHistory(file) as opened:
        yield opened


def test_the_list_names_the_newest_first(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [each[-8:] for each in ids[::-1]]
    assert main(["history", "list", "--json", "-n", "1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["title"] == "Talk 1"


def test_one_is_shown_with_its_attempts(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "show", ids[0], "--attempts"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# Talk 0\n")
    assert "Đường **dài**" in out
    assert "- 1. 1970-01-01 00:16:41" in out


def test_search_finds_without_accents_and_tells_by_its_status(
    ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "search", "duong", "dai"]) == 0
    out = capsys.readouterr().out
    assert out.count("    Answer: Đường **dài**") == 2
    assert "\x1b" not in out
    assert main(["history", "search", "--json", "-c", ids[1], "duong"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    hit = json.loads(line)
    start, end = hit["ranges"][0]
    assert (hit["conversation_id"], hit["snippet"][start:end]) == (ids[1], "Đường")
    assert main(["history", "search", "nowhere"]) == 1
    assert "nothing found" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_everything_goes_out_and_comes_back_the_same(
    form: str, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "all"
    assert main(["history", "export", "--format", form, "-o", str(out)]) == 0
    assert "2 conversations written" in capsys.readouterr().err
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "other"))
    for expected in ("2 conversations read, 2 new here, 4 new messages\n", "2 conversations read, 0 new here, 0 new"):
        assert main(["history", "import", str(out)]) == 0
        assert capsys.readouterr().out.startswith(expected)
    assert main(["history", "export", "--format", form]) == 0
    assert capsys.readouterr().out == out.read_text("utf-8")


def test_what_is_exported_is_private_and_written_whole_or_not_at_all(
    ids: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "talk.md"
    out.write_text("older")
    out.chmod(0o644)
    assert main(["history", "export", "-o", str(out), ids[0], "nobody"]) == 1
    assert out.read_text() == "older"
    assert main(["history", "export", "-o", str(out), ids[0][:-1], ids[1]]) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text().startswith("# Talk 0\n")
    assert main(["history", "export", "-o", str(tmp_path / "no" / "folder.md")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert sorted(place.name for place in tmp_path.iterdir()) == ["data", "home", "talk.md"]


def test_a_device_is_written_to_and_not_replaced(ids: list[str]) -> None:
    assert main(["history", "export", "-o", "/dev/null"]) == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_an_import_names_what_it_leaves_out(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = {"content_type": "image_asset_pointer"}
    content = {"content_type": "multimodal_text", "parts": ["look", picture, picture]}
    said = {"id": "a", "author": {"role": "user"}, "content": content}
    call = {"id": "b", "author": {"role": "tool"}, "content": {"content_type": "text", "parts": ["out"]}}
    mapping = {"a": {"parent": None, "message": said}, "b": {"parent": "a", "message": call}}
    source = tmp_path / "conversations.json"
    source.write_text(json.dumps([{"conversation_id": "x", "mapping": mapping}]))
    assert main(["history", "import", str(source)]) == 0
    out, err = capsys.readouterr()
    assert err == "holytui: left out, as holytui cannot import it: 2 images, 1 call or result of a tool\n"
    assert "1 new here" in out


class Page(HTMLParser):
    """Notes all that a page could fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.acting: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.style = ""
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        names = {name for name, _value in attrs}
        fetching = names & {"src", "srcset", "background", "poster", "data", "action", "style"}
        running = {name for name in names if name.startswith("on")}
        if tag in {"script", "link", "img", "iframe", "object", "embed", "base", "form"} or fetching or running:
            self.acting.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.style += data
            self._in_style = False


def page_of(history: SqliteHistory, tmp_path: Path) -> Path:
    """A page of a conversation whose answer tries to get out of it."""
    asked = ask(history, "</div><img src=//evil.example>")
    text = (
        ANSWER + '<script src="https://evil.example/x.js"></script> ![a](https://evil.example/p.png) [b](javascript:1)'
    )
    history.finish(replace(asked.answer, text=text, state=AnswerState.COMPLETE))
    out = tmp_path / "page.html"
    assert main(["history", "export", "--format", "html", "-o", str(out), asked.conversation_id]) == 0
    return out


def test_a_page_needs_nothing_and_runs_nothing(history: SqliteHistory, tmp_path: Path) -> None:
    text = page_of(history, tmp_path).read_text("utf-8")
    page = Page()
    page.feed(text)
    page.close()
    assert page.acting == []
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert '<span class="k">def</span>' in text
    for scheme in ("light", "dark"):
        assert f"(prefers-color-scheme: {scheme})" in page.style
    assert "pre .k { color:" in page.style


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_shows_the_page_and_fetches_nothing(history: SqliteHistory, tmp_path: Path) -> None:
    page = page_of(history, tmp_path)
    log = tmp_path / "net.json"
    assert CHROMIUM is not None
    told = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}"),
            *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", f"--log-net-log={log}", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert told.returncode == 0, told.stderr
    assert "evil.example" not in log.read_text("utf-8", "replace")
    assert '<span class="k">def</span>' in told.stdout
    seen = Page()
    seen.feed(told.stdout)
    assert seen.acting == []


def test_a_file_that_cannot_be_read_is_a_line_and_a_broken_entry_is_named(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "import", str(tmp_path / "none.json")]) == 1
    assert "No such file" in capsys.readouterr().err
    bad = tmp_path / "bad.json"
    node = {
        "id": "n",
        "parent": None,
        "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["hi"]}},
    }
    bad.write_text(
        json.dumps([{"title": "broken", "mapping": 3}, {"id": "c", "title": "good", "mapping": {"n": node}}])
    )
    assert main(["history", "import", str(bad)]) == 1
    caught = capsys.readouterr()
    assert "skipped: Entry 1 (broken)" in caught.err
    assert caught.out == "2 conversations read, 1 new here, 1 new messages, 1 skipped\n"


def test_nothing_is_deleted_without_a_yes(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "delete", "--before", "2022-01-01"]) == 1
    caught = capsys.readouterr()
    assert "Talk 0" in caught.out
    assert "Talk 1" not in caught.out
    assert "Nothing was deleted" in caught.err
    assert main(["history", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_deleted_ones_come_back_until_the_file_is_compacted(
    ids: list[str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "delete", "--before", "2022-01-01", "--yes"]) == 0
    assert main(["history", "restore", ids[0]]) == 0
    assert main(["history", "delete", "--yes", ids[0], ids[0]]) == 0
    assert "1 conversation deleted" in capsys.readouterr().out
    assert main(["history", "list", "--deleted"]) == 0
    assert "Talk 0" in capsys.readouterr().out
    copy = file.with_name("history.db.damaged-20250101-000000")
    copy.write_bytes(b"x" * 2000)
    assert main(["history", "compact"]) == 0
    out = capsys.readouterr().out
    assert "1 deleted conversation erased for good" in out
    assert f"{copy}  2.0 kB" in out
    assert main(["history", "restore", ids[0]]) == 1
    assert main(["history", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [ids[1][-8:]]


def test_the_short_id_of_the_list_works_wherever_one_is_wanted(
    ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["history", "list"])
    newest, _oldest = (line.split()[0] for line in capsys.readouterr().out.splitlines())
    for words in (["show", newest], ["export", newest], ["show", "last"], ["search", "-c", newest, "duong"]):
        assert main(["history", *words]) == 0
        out = capsys.readouterr().out
        assert "Talk 1" in out
        assert "Talk 0" not in out
    assert main(["history", "delete", "-y", newest]) == 0
    assert main(["history", "list", "--deleted"]) == 0
    assert newest in capsys.readouterr().out
    assert main(["history", "restore", newest]) == 0
    assert main(["history", "delete", "-y", "last"]) == 0
    assert main(["history", "restore", "last"]) == 0
    assert capsys.readouterr().out.count("Talk 1") == 3


def test_an_answer_on_its_way_is_never_old(history: SqliteHistory, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ask(history, "on its way")
    assert main(["history", "delete", "--before", "2999-01-01", "--yes"]) == 0
    assert "2 conversations deleted" in capsys.readouterr().out
    assert history.conversation(asked.conversation_id) is not None
    history.add_message(asked.conversation_id, Role.USER, "x", parent_id=None)


@pytest.mark.parametrize(
    "words",
    [
        ["delete"],
        ["delete", "--before", "yesterday"],
        ["delete", "--before", "2024-01-01", "someid"],
        ["export", "--format", "pdf"],
        ["import"],
        ["search"],
        [],
    ],
)
def test_wrong_usage_is_told_by_its_status(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["history", *words])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_history_that_cannot_be_had_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", "/dev/null/no")
    assert main(["history", "list"]) == 1
    assert "HOLYTUI_DATA_DIR" in capsys.readouterr().err


def test_a_terminal_sees_a_bar_and_is_asked_before_anything_is_deleted(ids: list[str], tmp_path: Path) -> None:
    out = tmp_path / "all.jsonl"
    assert main(["history", "export", "--format", "jsonl", "-o", str(out)]) == 0
    program = [sys.executable, "-m", "holytui", "history"]
    with Terminal([*program, "import", str(out)]) as terminal:
        assert terminal.wait_end() == 0
        assert "██░" in terminal.raw.decode()
        assert terminal.text.strip() == "2 conversations read, 0 new here, 0 new messages"
    for answer, status, left in (("n", 1, 2), ("y", 0, 1)):
        with Terminal([*program, "delete", ids[0]]) as terminal:
            terminal.wait_for("[y/N]")
            terminal.type(answer + "\r")
            assert terminal.wait_end() == status
        with SqliteHistory(Path(os.environ["HOLYTUI_DATA_DIR"]) / "history.db") as history:
            assert len(history.conversations()) == left


def test_tags_are_added_and_removed_and_select(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    first, other = ids[:2]
    assert main(["history", "tag", first, "+Work", "-old", "idea"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("  #idea  #work")
    assert main(["history", "tag", other, "-idea", "+home/garden"]) == 0
    assert main(["history", "tag", first, "-idea"]) == 0
    capsys.readouterr()
    assert main(["history", "list", "--json", "--tag", "#Work"]) == 0
    assert [(line["id"], line["tags"]) for line in map(json.loads, capsys.readouterr().out.splitlines())] == [
        (first, ["work"])
    ]
    assert main(["history", "list", "--tag", "home"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("  #home/garden")
    assert main(["history", "tag", first, "+a#b"]) == 2
    assert "is not a tag" in capsys.readouterr().err
    assert main(["history", "tag", first]) == 0
    assert capsys.readouterr().out.rstrip().endswith("  #work")
