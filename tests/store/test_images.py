from __future__ import annotations

import hashlib
import io
import json
import math
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from holytui.errors import TransferError
from holytui.models import Message, Role
from holytui.store.sqlite import schema
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.transfer import Format, export, import_file, import_from
from tests import pictures
from tests.pictures import image
from tests.store.conftest import Opener
from tests.store.samples import ONE, TWO, ask_with_images


def kept(path: Path) -> list[tuple[str, int | None]]:
    """The images in the file: the digests, and how many bytes there are."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT digest, length(data) FROM image ORDER BY length(data)").fetchall()


def test_an_image_is_kept_once_and_goes_with_the_last_that_shows_it(opener: Opener, path: Path) -> None:
    history = opener()
    first, second = ask_with_images(history, ONE, TWO, ONE), ask_with_images(history, ONE)
    digest = hashlib.sha256(ONE).hexdigest()
    assert [size for _digest, size in kept(path)] == sorted([len(ONE), len(TWO)])
    history.delete_conversation(first.conversation_id)
    assert history.image(digest) == ONE
    history.restore_conversation(first.conversation_id)
    assert history.branch(first.conversation_id)[0].images == first.images
    history.delete_conversation(first.conversation_id)
    history.purge_deleted(math.inf)
    assert kept(path) == [(digest, len(ONE))]
    history.delete_conversation(second.conversation_id)
    history.purge_deleted(math.inf)
    assert kept(path) == []


def test_compacting_leaves_nothing_of_an_image_that_was_deleted(opener: Opener, path: Path) -> None:
    history = opener()
    secret = b"unmistakable"
    asked = ask_with_images(history, pictures.png(padding=50_000) + secret * 400)
    history.delete_conversation(asked.conversation_id)
    history.purge_deleted(math.inf)
    history.compact()
    for end in ("", "-wal"):
        place = path.with_name(path.name + end)
        assert not place.exists() or secret not in place.read_bytes()


# -- older files


def test_a_history_without_images_is_brought_up_to_date(opener: Opener, path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection, 3)
        connection.execute("INSERT INTO conversation (id, title, created_at, updated_at) VALUES ('c', 't', 1, 2)")
        connection.execute(
            "INSERT INTO message (id, conversation_id, role, text, created_at, state)"
            " VALUES ('m', 'c', 'user', 'Why?', 1, 'complete')"
        )
    history = opener()
    assert history.backup is not None
    (old,) = history.branch("c")
    assert (old.text, old.images, old.left_out) == ("Why?", (), 0)
    asked = ask_with_images(history, ONE, talk="c")
    assert history.message(asked.id) == asked


# -- damage


def large(path: Path) -> tuple[Message, Message, bytes]:
    """Two questions, the first with an image on many pages, closed."""
    data = pictures.png(padding=60_000)
    with SqliteHistory(path) as history:
        return ask_with_images(history, data), ask_with_images(history, TWO), data


def overwrite(path: Path, table: str, kind: str, number: int, skip: int = 0) -> None:
    """Spoil one page of a table or index, but for its first bytes."""
    query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY pageno"
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        page = connection.execute(query, (table, kind)).fetchall()[number][0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size + skip)
        file.write(b"\xff" * (size - skip))


def test_a_salvage_brings_images_back(path: Path) -> None:
    one, two, data = large(path)
    overwrite(path, "conversation_updated", "leaf", 0)
    with SqliteHistory.open(path) as history:
        assert "damaged" in history.warnings[0]
        assert history.message(one.id) == one
        assert history.message(two.id) == two
        assert [history.image(each.images[0].digest) for each in (one, two)] == [data, TWO]
        assert len(history.warnings) == 2


def test_an_image_that_a_salvage_cannot_read_is_still_named_and_can_come_back(path: Path) -> None:
    one, two, data = large(path)
    overwrite(path, "conversation_updated", "leaf", 0)
    overwrite(path, "image", "overflow", 5, skip=8)  # the page's place in the chain stays, what it holds does not
    with SqliteHistory.open(path) as history:
        assert "1 image could not be recovered." in history.warnings
        assert history.message(one.id) == one
        assert history.image(one.images[0].digest) is None
        assert history.image(two.images[0].digest) == TWO
        ask_with_images(history, data)
        assert history.image(one.images[0].digest) == data
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


# -- out and in


def exported_text(history: SqliteHistory, form: Format, *ids: str) -> str:
    out = io.StringIO()
    export(history, ids, form, out)
    return out.getvalue()


def test_an_image_that_is_lost_is_exported_as_what_it_was(opener: Opener, tmp_path: Path, path: Path) -> None:
    one, two = opener(), opener(tmp_path / "other" / "history.db")
    asked = ask_with_images(one, ONE)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE image SET data = NULL")
        connection.commit()
    import_from(two, io.StringIO(exported_text(one, Format.JSONL, asked.conversation_id)))
    assert two.message(asked.id) == asked
    assert two.image(asked.images[0].digest) is None


def test_a_conversation_without_images_can_be_read_by_an_older_holytui(history: SqliteHistory) -> None:
    plain, seen = ask_with_images(history), ask_with_images(history, ONE)
    versions = [
        json.loads(exported_text(history, Format.JSONL, each.conversation_id))["version"] for each in (plain, seen)
    ]
    assert versions == [1, 2]


def without_images(entry: dict[str, Any]) -> None:
    del entry["images"], entry["left_out"]


def test_what_an_older_holytui_wrote_is_read(history: SqliteHistory) -> None:
    asked = ask_with_images(history)
    entry = json.loads(exported_text(history, Format.JSONL, asked.conversation_id))
    entry["id"], entry["messages"][0]["id"] = "new", "new-m"
    without_images(entry["messages"][0])
    assert import_from(history, io.StringIO(json.dumps(entry))).messages == 1


Spoil = Callable[[dict[str, Any], dict[str, Any]], object]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _message, one: one.update(data="!" + one["data"][1:]),
        lambda _message, one: one.update(data=one["data"][:-1]),
        lambda _message, one: one.update(data=one["data"][:8] + "\n" + one["data"][8:]),
        lambda _message, one: one.update(data=b64encode(b"<svg onload=alert(1)>").decode()),
        lambda _message, one: one.update(data=b64encode(TWO).decode()),  # a whole image, but another one
        lambda _message, one: one.update(data=7),
        lambda _message, one: one.update(data=None, media_type="image/svg+xml"),
        lambda _message, one: one.update(data=None, digest="../x"),
        lambda _message, one: one.update(data=None, size="large"),
        lambda _message, one: one.pop("name"),
        lambda _message, one: one.pop("data"),
        lambda message, _one: message.update(images={"a": 1}),
        lambda message, _one: message.update(images=["a"]),
        lambda message, _one: message.update(role="assistant"),
        lambda message, _one: message.update(left_out="many"),
    ],
)
def test_importing_a_broken_image_changes_nothing(opener: Opener, path: Path, tmp_path: Path, spoil: Spoil) -> None:
    history = opener()
    asked = ask_with_images(history, ONE)
    entry = json.loads(exported_text(history, Format.JSONL, asked.conversation_id))
    history.delete_conversation(asked.conversation_id)
    history.purge_deleted(math.inf)
    (message,) = entry["messages"]
    spoil(message, message["images"][0] if message["images"] else {})
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(entry))
    with pytest.raises(TransferError, match=r"Entry 1 \(A talk\)"):
        import_file(history, file)
    assert history.conversations() == []
    assert kept(path) == []


def test_markdown_names_images_and_holds_none(history: SqliteHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask_with_images(history, ONE)
    monkeypatch.setattr("holytui.store.sqlite.images.data_of_all", lambda *_: pytest.fail("no bytes are needed"))
    text = exported_text(history, Format.MARKDOWN, asked.conversation_id)
    assert f"## You\n\nwhat is @a.png?\n\n[image: 0.png · PNG · 640×480 · {len(ONE)} B]\n" in text


def test_a_page_holds_its_images_itself(opener: Opener, path: Path) -> None:
    history = opener()
    talk = history.create_conversation(title="t").id
    named = image(ONE, '"><script>.png')
    history.add_message(talk, Role.USER, "x", parent_id=None, images=[named], image_data={named.digest: ONE})
    page = exported_text(history, Format.HTML, talk)
    assert f'src="data:image/png;base64,{b64encode(ONE).decode()}">' in page
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert "<script" not in page
    assert '<img width="640" height="480" alt="&quot;&gt;&lt;script&gt;.png"' in page
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE image SET data = NULL")
        connection.commit()
    lost = exported_text(history, Format.HTML, talk)
    assert "<img" not in lost
    assert "PNG · 640×480" in lost
