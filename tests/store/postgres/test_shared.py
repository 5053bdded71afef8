"""Histories that are shared through a real server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.errors import SharingFailed, StoreNewer
from holytui.models import AnswerState, Role
from holytui.store.postgres import schema
from holytui.store.postgres.connection import connect
from holytui.store.postgres.database import RECORDS, Pulled, SharedDatabase
from holytui.store.postgres.exchange import SharedExchange
from holytui.store.postgres.live import LiveText
from holytui.store.sqlite.history import SqliteHistory
from tests.store.postgres.conftest import OpenHistory, OpenShared, execute
from tests.store.samples import CONTENT, ONE, REASONING, add_rich_conversation, ask, ask_with_images, finish


def exchange(history: SqliteHistory, shared: SharedDatabase) -> SharedExchange:
    return SharedExchange(history, history.replica, shared, "test")


def number_of(shared: SharedDatabase, table: str) -> int:
    return int(execute(shared, f"SELECT count(*) FROM {table}")[0][0])


def test_two_hosts_have_one_history(histories: OpenHistory, shared: OpenShared) -> None:
    one, two = histories("one"), histories("two")
    ids = [add_rich_conversation(one), ask_with_images(one, ONE).conversation_id, add_rich_conversation(two)]
    here, there = exchange(one, shared()), exchange(two, shared())
    for _ in range(2):
        here.run()
        there.run()
    assert [two.bundle(id_) for id_ in ids] == [one.bundle(id_) for id_ in ids]
    assert one.replica.digest() == two.replica.digest()
    assert (here.pending(), there.pending()) == (0, 0)
    two.update_conversation(ids[0], title="renamed")
    there.run()
    here.run()
    found = one.conversation(ids[0])
    assert found is not None
    assert found.title == "renamed"


def test_what_is_equal_is_not_sent_again(histories: OpenHistory, shared: OpenShared) -> None:
    one, two = histories("one"), histories("two")
    talk = add_rich_conversation(one)
    database = shared()
    here, there = exchange(one, database), exchange(two, shared())
    here.run()
    there.run()
    before = execute(database, "SELECT max(seq), count(*) FROM record")[0]
    for each in (here, there, here):
        each.run()
    again = SharedExchange(two, two.replica, shared(), "test")
    again.run()
    assert execute(database, "SELECT max(seq), count(*) FROM record")[0] == before
    assert (again.merged, again._cursor) == (0, there._cursor)
    one.update_conversation(talk, pinned=False)
    here.run()
    assert execute(database, "SELECT count(*) FROM record")[0] == before[1:]


def test_small_parts_arrive_whole(histories: OpenHistory, shared: OpenShared) -> None:
    one, two = histories("one"), histories("two")
    talk = add_rich_conversation(one)
    exchange(one, shared()).run()
    database, seq = shared(), 0
    parts: list[Pulled] = []
    while not parts or not parts[-1].batch.complete:
        parts.append(database.pull(seq, two.replica.hosts()[0].id, limit=1))
        two.replica.apply(parts[-1].batch)
        seq = parts[-1].seq
    assert len(parts) > 3
    assert two.bundle(talk) == one.bundle(talk)


def test_a_large_record_is_a_part_of_its_own(
    histories: OpenHistory, shared: OpenShared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holytui.store.postgres.database._MAX_CHARACTERS", 10)
    one, two = histories("one"), histories("two")
    talk = add_rich_conversation(one)
    exchange(one, shared()).run()
    exchange(two, shared()).run()
    assert two.bundle(talk) == one.bundle(talk)
    host = one.replica.hosts()[0].id
    assert two.replica.vector()[host] == one.replica.vector()[host]


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\\u0000", "Tiếng Việt 🎉\x1b[0m"])
def test_texts_are_kept_exactly(histories: OpenHistory, shared: OpenShared, text: str) -> None:
    one, two = histories("one"), histories("two")
    talk = one.create_conversation(title=text).id
    message = one.add_message(talk, Role.USER, text, parent_id=None)
    exchange(one, shared()).run()
    exchange(two, shared()).run()
    ours, theirs = one.message(message.id), two.message(message.id)
    assert ours is not None
    assert ours == theirs


def test_only_shared_conversations_leave_the_host(histories: OpenHistory, shared: OpenShared) -> None:
    one = histories("one")
    talk = add_rich_conversation(one)
    one.replica.set_shared(talk, shared=False)
    asked = ask(one, "secret?", talk)
    one.journal(asked.attempt.id, CONTENT, "secret!")
    database = shared()
    here = exchange(one, database)
    here.run()
    here.show_progress(beat=True)
    assert [number_of(database, table) for table in ("record", "answer", "delta")] == [0, 0, 0]


def test_a_destroyed_conversation_is_removed_from_the_database(histories: OpenHistory, shared: OpenShared) -> None:
    one, two = histories("one"), histories("two")
    talk = add_rich_conversation(one)
    database = shared()
    here, there = exchange(one, database), exchange(two, shared())
    here.run()
    there.run()
    one.delete_conversation(talk)
    here.run()
    assert number_of(database, "record") > 1
    one.purge_deleted(1e12)
    here.remove_destroyed()
    assert execute(database, "SELECT kind, id FROM record") == [("c", talk)]
    assert "English" not in str(execute(database, "SELECT payload FROM record"))
    there.run()
    assert two.conversation(talk) is None
    assert [each.id for each in two.deleted_conversations()] == [talk]


def test_a_restored_backup_of_the_database_is_filled_again(histories: OpenHistory, shared: OpenShared) -> None:
    one, two = histories("one"), histories("two")
    talk = add_rich_conversation(one)
    database = shared()
    exchange(one, database).run()
    exchange(two, shared()).run()
    for table in schema.TABLES:
        execute(database, f"DELETE FROM {table}")
    three = histories("three")
    exchange(two, shared()).run()
    exchange(three, shared()).run()
    assert three.bundle(talk) == one.bundle(talk)


def test_an_answer_is_watched_on_another_host(histories: OpenHistory, shared: OpenShared) -> None:
    one, two = histories("one"), histories("two")
    here, there = exchange(one, shared()), exchange(two, shared())
    talk = add_rich_conversation(one)
    here.run()
    asked = ask(one, "Why?", talk)
    one.journal(asked.attempt.id, REASONING, "hm")
    here.show_progress(beat=True)
    (remote,) = there.remote_answers()
    assert (remote.question, remote.answer.id, remote.answer.text) == (asked.question, asked.answer.id, "")
    known = there.remote_text(asked.answer.id, LiveText())
    one.journal(asked.attempt.id, CONTENT, "Because\0 ")
    here.show_progress(beat=False)
    known = there.remote_text(asked.answer.id, known)
    assert (known.text, known.reasoning) == ("Because\0 ", "hm")
    one.journal(asked.attempt.id, CONTENT, "of it.")
    here.show_progress(beat=True)
    known = there.remote_text(asked.answer.id, known)
    assert (known.seq, known.text) == (3, "Because\0 of it.")
    assert here.remote_answers() == []
    finish(one, asked, None)
    here.run()
    there.run()
    assert there.remote_answers() == []
    assert two.message(asked.answer.id) == one.message(asked.answer.id)


def test_an_answer_that_begins_again_is_read_anew(histories: OpenHistory, shared: OpenShared) -> None:
    one, database = histories("one"), shared()
    here, there = exchange(one, database), exchange(histories("two"), shared())
    here.run()
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "first")
    here.show_progress(beat=True)
    known = there.remote_text(asked.answer.id, LiveText())
    assert known.text == "first"
    host = one.replica.hosts()[0]
    database.live.begin(asked.question, asked.answer, host)
    assert there.remote_text(asked.answer.id, known).text == ""
    database.live.add(asked.answer.id, LiveText(2, "second"))
    assert there.remote_text(asked.answer.id, known).text == "second"


def test_an_answer_whose_host_is_silent_is_not_shown(histories: OpenHistory, shared: OpenShared) -> None:
    one, database = histories("one"), shared()
    here, there = exchange(one, database), exchange(histories("two"), shared())
    here.run()
    ask(one)
    here.show_progress(beat=True)
    assert len(there.remote_answers()) == 1
    execute(database, "UPDATE answer SET beat = beat - interval '2 minutes'")
    assert there.remote_answers() == []
    here.show_progress(beat=True)
    assert len(there.remote_answers()) == 1


def test_other_hosts_are_notified(histories: OpenHistory, shared: OpenShared) -> None:
    one, listening = histories("one"), shared()
    add_rich_conversation(one)
    assert listening.wait(0.0) == set()
    exchange(one, shared()).run()
    assert listening.wait(10.0) == {RECORDS}
    assert listening.wait(0.0) == set()


def test_search_covers_everything_without_accents(histories: OpenHistory, shared: OpenShared) -> None:
    one, database = histories("one"), shared()
    talk = add_rich_conversation(one)
    here = exchange(one, database)
    here.run()
    (hit,) = database.search("tieng VIET")
    (local,) = one.search("tieng VIET")
    assert replace(hit, places=local.places) == local
    assert database.search("tiếng english") == []
    assert database.search("%") == []
    assert database.search("  ") == []
    one.delete_conversation(talk)
    here.run()
    assert database.search("tieng VIET") == []


def test_users_of_one_database_see_only_their_own(histories: OpenHistory, shared: OpenShared, schema_name: str) -> None:
    admin = shared()
    for user in ("an", "binh"):
        name = f"{schema_name}_{user}"
        execute(admin, f"CREATE ROLE {name} LOGIN")
    an, binh = (shared(f"{schema_name}_{user}") for user in ("an", "binh"))
    one, two = histories("one"), histories("two")
    talk = add_rich_conversation(one)
    asked = ask_with_images(one, ONE)
    here = exchange(one, an)
    here.run()
    ask(one, "live", asked.conversation_id)
    here.show_progress(beat=True)
    there = exchange(two, binh)
    there.run()
    assert two.conversations() == []
    assert there.remote_answers() == []
    # nor by statements of their own
    assert [number_of(binh, table) for table in schema.TABLES] == [0] * 6
    assert number_of(an, "record") > 0
    execute(binh, "INSERT INTO host (id, name) VALUES ('y', 'y')")
    for statement in (
        f"INSERT INTO host (owner, id, name) VALUES ('{schema_name}_an', 'x', 'x')",
        f"UPDATE host SET owner = '{schema_name}_an'",
    ):
        with pytest.raises(Exception, match="row-level security"):
            binh._db.execute(statement)
    execute(binh, "DELETE FROM record")
    three = histories("three")
    exchange(three, shared(f"{schema_name}_an")).run()
    assert three.bundle(talk) == one.bundle(talk)


def test_a_newer_schema_is_left_alone(shared: OpenShared) -> None:
    shared()._db.execute("UPDATE version SET number = number + 1")
    with pytest.raises(StoreNewer):
        shared()


def test_a_user_who_may_not_create_tables_is_told(server: str, shared: OpenShared, schema_name: str) -> None:
    with connect(server) as db:
        db.execute(f"CREATE ROLE {schema_name}_guest LOGIN".encode())
    with pytest.raises(SharingFailed, match="may not create them"):
        shared(f"{schema_name}_guest")


def test_a_record_of_a_newer_holytui_stops_nothing_but_the_merge(histories: OpenHistory, shared: OpenShared) -> None:
    one, two, database = histories("one"), histories("two"), shared()
    add_rich_conversation(one)
    exchange(one, database).run()
    row = execute(database, "SELECT payload FROM record WHERE kind = 'm' LIMIT 1")[0]
    newer = json.dumps({**json.loads(row[0]), "state": "dreaming"})
    execute(database, "UPDATE record SET payload = %s WHERE payload = %s", newer, row[0])
    add_rich_conversation(two)
    there = exchange(two, shared())
    with pytest.raises(SharingFailed, match="cannot be read"):
        there.run()
    assert there._cursor == 0
    there.push()
    assert there.pending() == 0


def test_states_of_answers_travel(histories: OpenHistory, shared: OpenShared) -> None:
    one, two = histories("one"), histories("two")
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "half")
    one.set_state(asked.answer.id, AnswerState.INTERRUPTED)
    exchange(one, shared()).run()
    exchange(two, shared()).run()
    found = two.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.state) == ("half", AnswerState.INTERRUPTED)


def test_a_host_is_not_notified_of_its_own_changes(histories: OpenHistory, shared: OpenShared) -> None:
    one, database = histories("one"), shared()
    add_rich_conversation(one)
    exchange(one, database).run()
    assert database.wait(1.0) == set()


def test_the_command_searches_the_shared_history(
    histories: OpenHistory,
    shared: OpenShared,
    server: str,
    schema_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = histories("one")
    add_rich_conversation(one)
    exchange(one, shared()).run()
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "two"))
    monkeypatch.setattr(SharedDatabase.__init__, "__defaults__", (schema_name,))
    file = tmp_path / "config.toml"
    monkeypatch.setenv("HOLYTUI_CONFIG", str(file))
    file.write_text("")
    assert main(["history", "search", "--everywhere", "tieng"]) == 1
    assert "No shared history is configured" in capsys.readouterr().err
    file.write_text(f"[history]\nshare = '{server}'\n")
    assert main(["history", "search", "tieng"]) == 1
    assert main(["history", "search", "--everywhere", "tieng"]) == 0
    assert "Tiếng Việt?" in capsys.readouterr().out


def test_a_notification_that_comes_with_a_result_is_noticed(histories: OpenHistory, shared: OpenShared) -> None:
    one, listening = histories("one"), shared()
    add_rich_conversation(one)
    exchange(one, shared()).run()
    listening.vector()  # reads the notification from the connection
    assert listening.wait(1.0) == {RECORDS}
