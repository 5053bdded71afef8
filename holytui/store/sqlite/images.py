"""Images of questions; the bytes are stored once by digest, however many questions show an image."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace

from holytui.models import Image, Message, Role
from holytui.store.sqlite.conversations import missing
from holytui.store.sqlite.damaged_tables import Row, read_rows
from holytui.store.sqlite.row_mapping import storable
from holytui.store.sqlite.row_reader import RowReader

_IMAGE = "name, media_type, size, width, height, digest"
_STAGED = "import:"
"""Digest prefix of bytes that an import has for a lost image, until the import is complete."""


def with_images(connection: sqlite3.Connection, message: Message) -> Message:
    """Return the message with its images; only questions have any."""
    if message.role is not Role.USER:
        return message
    found = read_rows(connection, f"position, {_IMAGE}", "message_image", "message_id = ?", (message.id,))
    if not found:
        return message
    found.sort(key=lambda row: row[0] if isinstance(row[0], int) else 0)
    return replace(message, images=tuple(_image(row[1:]) for row in found))


def _image(row: Row) -> Image:
    v = RowReader(row)
    name, media_type = v.text("name"), v.text("media_type")
    return Image(name, media_type, v.integer("size"), v.integer("width"), v.integer("height"), v.text("digest"))


def store(connection: sqlite3.Connection, images: Iterable[Image], data: Mapping[str, bytes]) -> None:
    """Store the bytes of those images that are in `data`, by digest."""
    for digest in dict.fromkeys(image.digest for image in images):
        if digest in data:
            connection.execute(
                "INSERT INTO image (digest, data) VALUES (?, ?)"
                " ON CONFLICT (digest) DO UPDATE SET data = excluded.data WHERE data IS NULL",
                (digest, data[digest]),
            )


def store_lost(connection: sqlite3.Connection, images: Iterable[Image]) -> None:
    """Store images without bytes, so that their names and sizes can be shown."""
    connection.executemany(
        "INSERT OR IGNORE INTO image (digest, data) VALUES (?, NULL)", [(image.digest,) for image in images]
    )


def stage(connection: sqlite3.Connection, images: Iterable[Image], data: Mapping[str, bytes]) -> None:
    """`store` for an import: an image that is stored as lost stays so until `release_staged`."""
    for digest in dict.fromkeys(image.digest for image in images):
        if digest in data:
            connection.execute("INSERT OR IGNORE INTO image (digest, data) VALUES (?, ?)", (digest, data[digest]))
            connection.execute(
                "INSERT OR IGNORE INTO image (digest, data) SELECT ? || digest, ? FROM image"
                " WHERE digest = ? AND data IS NULL",
                (_STAGED, data[digest], digest),
            )


def release_staged(connection: sqlite3.Connection) -> None:
    """Give lost images the bytes that `stage` kept for them."""
    found = connection.execute("SELECT digest FROM image WHERE substr(digest, 1, ?) = ?", (len(_STAGED), _STAGED))
    for (staged,) in found.fetchall():
        connection.execute(
            "UPDATE image SET data = (SELECT data FROM image WHERE digest = ?) WHERE digest = ? AND data IS NULL",
            (staged, staged.removeprefix(_STAGED)),
        )
        connection.execute("DELETE FROM image WHERE digest = ?", (staged,))


def attach(connection: sqlite3.Connection, message: Message) -> None:
    """Link a message to its images. Raises StoreError if an image is not in the file."""
    for position, image in enumerate(message.images):
        if not connection.execute("SELECT 1 FROM image WHERE digest = ?", (image.digest,)).fetchone():
            raise missing()
        connection.execute(
            f"INSERT INTO message_image (message_id, position, {_IMAGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(message.id, position, storable(image.name), image.media_type),
                *(image.size, image.width, image.height, image.digest),
            ),
        )


def data_of(connection: sqlite3.Connection, digest: str) -> bytes | None:
    """Return the bytes of an image; None if they are lost."""
    found = read_rows(connection, "data", "image", "digest = ?", (digest,))
    data = found[0][0] if found else None
    # sqlite cannot detect damage in a page that contains only image bytes
    is_sound = isinstance(data, bytes) and hashlib.sha256(data).hexdigest() == digest
    return data if is_sound and isinstance(data, bytes) else None


def data_of_all(connection: sqlite3.Connection, messages: Iterable[Message]) -> dict[str, bytes]:
    """Return the available bytes of all images of messages, by digest."""
    digests = dict.fromkeys(image.digest for message in messages for image in message.images)
    found = ((digest, data_of(connection, digest)) for digest in digests)
    return {digest: data for digest, data in found if data is not None}


def delete_unused(connection: sqlite3.Connection) -> None:
    """Delete the images that no message shows."""
    connection.execute("DELETE FROM image WHERE digest NOT IN (SELECT digest FROM message_image)")


def repair(connection: sqlite3.Connection) -> int:
    """After a salvage, relink images to their messages; return how many lost their bytes."""
    connection.execute("DELETE FROM message_image WHERE message_id NOT IN (SELECT id FROM message)")
    delete_unused(connection)
    for (digest,) in connection.execute("SELECT digest FROM image WHERE data IS NOT NULL").fetchall():
        (data,) = connection.execute("SELECT CAST(data AS BLOB) FROM image WHERE digest = ?", (digest,)).fetchone()
        if hashlib.sha256(data).hexdigest() != digest:
            connection.execute("UPDATE image SET data = NULL WHERE digest = ?", (digest,))
    connection.execute("INSERT OR IGNORE INTO image (digest, data) SELECT digest, NULL FROM message_image")
    return int(connection.execute("SELECT count(*) FROM image WHERE data IS NULL").fetchone()[0])
