"""A sync by files in a folder, which other programs carry in part, twice or out of order."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from holytui.errors import SyncError
from holytui.models import Role
from holytui.store.history import History
from holytui.store.replica.clock import MAX_CLOCK
from holytui.store.sqlite.history import SqliteHistory
from holytui.sync.folder.log_files import encode_line, find_logs, read_segment
from holytui.sync.folder.sync import FolderSync
from holytui.sync.protocol import replica_of
from tests.store.samples import ONE, add_rich_conversation, add_stored_conversation, ask_with_images
from tests.sync.conftest import OpenHistory
from tests.sync.pairs import digest, sync, texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shared"
    made.mkdir()
    return made


def visit(history: History, folder: Path) -> FolderSync:
    done = FolderSync(history, folder)
    done.run()
    return done


def add(history: History, text: str) -> None:
    talk = history.create_conversation(title=text).id
    history.add_message(talk, Role.SYSTEM, text, parent_id=None)


def test_hosts_meet_in_a_folder(opener: OpenHistory, folder: Path) -> None:
    one, two, three = opener("one"), opener("two"), opener("three")
    talks = [add_rich_conversation(one), add_stored_conversation(two), ask_with_images(two, ONE).conversation_id]
    for history in (one, two, three, two, one):
        visit(history, folder)
    for history in (two, three):
        assert [history.bundle(talk) for talk in talks] == [one.bundle(talk) for talk in talks]
    assert digest(one) == digest(two) == digest(three)
    # a host without changes of its own writes nothing
    assert {name.host for name in find_logs(folder)} == {replica_of(one).hosts()[0].id, replica_of(two).hosts()[0].id}


def test_nothing_new_costs_nothing(opener: OpenHistory, folder: Path) -> None:
    one, two = opener("one"), opener("two")
    add(one, "a")
    for history in (one, two, one, two):
        visit(history, folder)
    before = sorted(folder.iterdir())
    done = visit(one, folder), visit(two, folder)
    assert [(each.bytes_read, each.bytes_written) for each in done] == [(0, 0), (0, 0)]
    assert sorted(folder.iterdir()) == before


def test_what_came_from_a_host_without_a_log_is_passed_on(opener: OpenHistory, folder: Path) -> None:
    one, two, away = opener("one"), opener("two"), opener("away")
    add(away, "from away")
    sync(one, away)
    for history in (one, two):
        visit(history, folder)
    assert texts(two) == ["from away"]
    assert digest(two) == digest(away)


def test_a_change_is_in_the_folder_once(opener: OpenHistory, folder: Path) -> None:
    hosts = [opener(name) for name in ("one", "two", "three")]
    for number, history in enumerate(hosts):
        add(history, f"unique words {number}")
    for _ in range(3):
        for history in hosts:
            visit(history, folder)
    written = b"".join(place.read_bytes() for place in folder.iterdir())
    for number in range(3):
        assert written.count(b'"text":"unique words %d"' % number) == 1


def test_an_incomplete_file_is_read_once_it_is_whole(opener: OpenHistory, folder: Path) -> None:
    one, two = opener("one"), opener("two")
    for word in "abc":
        add(one, word)
        visit(one, folder)
    places = sorted(folder.iterdir())
    whole = places[1].read_bytes()
    for cut in (0, 1, 9, len(whole) // 2, len(whole) - 1):
        places[1].write_bytes(whole[:cut])
        assert places[1].name in visit(two, folder).waiting or not cut
        assert texts(two) == ["a"]
    places[1].unlink()
    assert visit(two, folder).waiting == [places[0].name]
    places[1].write_bytes(whole)
    assert visit(two, folder).waiting == []
    assert texts(two) == ["a", "b", "c"]
    assert digest(one) == digest(two)


def test_a_damaged_line_is_not_read(opener: OpenHistory, folder: Path) -> None:
    one, two = opener("one"), opener("two")
    add(one, "words that change")
    visit(one, folder)
    (place,) = folder.iterdir()
    whole = place.read_bytes()
    place.write_bytes(whole.replace(b"words", b"wards"))
    assert visit(two, folder).waiting == [place.name]
    assert two.conversations() == []
    place.write_bytes(encode_line(1, {"since": {}, "batch": {}}))
    assert visit(two, folder).waiting == [place.name]
    place.write_bytes(whole)
    assert visit(two, folder).waiting == []
    assert texts(two) == ["words that change"]


def test_other_files_are_ignored(opener: OpenHistory, folder: Path) -> None:
    one, two = opener("one"), opener("two")
    add(one, "a")
    visit(one, folder)
    (place,) = folder.iterdir()
    for name in (f"{place.stem}.sync-conflict-20260101-101010-ABC.jsonl", f"{place.name}.part", "notes.txt"):
        (folder / name).write_bytes(b"nonsense\n")
    (folder / ".stfolder").mkdir()
    assert visit(two, folder).waiting == []
    assert texts(two) == ["a"]


def test_files_that_arrive_in_any_order(opener: OpenHistory, folder: Path, tmp_path: Path) -> None:
    one, two, three = opener("one"), opener("two"), opener("three")
    for number in range(4):
        add(one, f"one {number}")
        visit(one, folder)
        add(two, f"two {number}")
        visit(two, folder)
    copy = tmp_path / "copy"
    copy.mkdir()
    places = sorted(folder.iterdir())
    random.Random(3).shuffle(places)
    for place in places:
        shutil.copy(place, copy / place.name)
        FolderSync(three, copy).run()
    visit(one, folder)
    assert digest(three) == digest(one)
    assert replica_of(three).vector().keys() >= replica_of(one).vector().keys() - {"unknown"}


def test_a_host_that_stopped_while_it_wrote_goes_on(
    opener: OpenHistory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holytui.store.sqlite.feed._MAX_CHARACTERS", 0)
    monkeypatch.setattr("holytui.sync.folder.sync._SEGMENT_BYTES", 1)
    one, two = opener("one"), opener("two")
    for word in "abcdef":
        add(one, word)
    stop = FolderSync(one, folder, lambda progress: 1 // (progress.sent.messages < 3))  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        stop.run()
    visit(two, folder)
    assert texts(two) == ["a", "b", "c"]
    visit(one, folder)
    written = b"".join(place.read_bytes() for place in folder.iterdir())
    assert written.count(b'"text":"a"') == 1
    visit(two, folder)
    assert digest(one) == digest(two)


def test_a_removed_log_is_written_anew(opener: OpenHistory, folder: Path) -> None:
    one, two, three = opener("one"), opener("two"), opener("three")
    add(one, "a")
    add(two, "b")
    for history in (one, two, one):
        visit(history, folder)
    for place in folder.glob(f"{replica_of(one).hosts()[0].id}-*"):
        place.unlink()
    visit(one, folder)
    visit(three, folder)
    assert texts(three) == ["a", "b"]


def test_small_segments_are_merged_by_their_own_host(
    opener: OpenHistory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holytui.sync.folder.sync._MAX_SMALL", 3)
    one, two, late = opener("one"), opener("two"), opener("late")
    for number in range(9):
        add(one, f"{number}")
        visit(one, folder)
        if number in (0, 4):
            visit(two, folder)
    assert len(list(folder.iterdir())) < 9
    assert visit(two, folder).progress.received.messages == 4
    assert visit(two, folder).bytes_read == 0
    visit(late, folder)
    assert digest(one) == digest(two) == digest(late)


def test_two_copies_of_a_folder_do_not_disturb_each_other(opener: OpenHistory, folder: Path, tmp_path: Path) -> None:
    one, two = opener("one"), opener("two")
    add(one, "a")
    visit(one, folder)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    add(one, "b")
    visit(one, folder)
    add(one, "c")
    visit(one, copy)
    visit(two, copy)
    assert texts(two) == ["a", "b", "c"]
    visit(one, folder)
    visit(two, folder)
    assert digest(one) == digest(two)


def test_a_missing_folder_is_not_created(opener: OpenHistory, tmp_path: Path) -> None:
    with pytest.raises(SyncError, match="could not be read"):
        FolderSync(opener("one"), tmp_path / "unplugged").run()
    assert not (tmp_path / "unplugged").exists()


def test_claims_are_bounded(opener: OpenHistory, folder: Path) -> None:
    one, two = opener("one"), opener("two")
    add(one, "a")
    visit(one, folder)
    (place,) = folder.iterdir()
    (line,) = read_segment(place, 0, after=0)
    value = line.value
    value["batch"]["cursor"]["claims"] = {"far": MAX_CLOCK}
    place.write_bytes(encode_line(1, value))
    assert visit(two, folder).waiting == [place.name]


def test_files_are_private(opener: OpenHistory, folder: Path) -> None:
    one = opener("one")
    assert isinstance(one, SqliteHistory)
    add(one, "a")
    visit(one, folder)
    assert [place.stat().st_mode & 0o777 for place in folder.iterdir()] == [0o600]
