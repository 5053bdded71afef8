"""Syncing from the screen, with a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from holytui.config.schema import Sync
from holytui.models import Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.sync.folder.sync import FolderSync
from tests.ui.app_harness import config_with, run_app
from tests.ui.conftest import Build


def remote(folder: Path, title: str) -> None:
    """Another machine has a conversation, and has synced it with the folder."""
    folder.mkdir(exist_ok=True)
    with SqliteHistory(folder.parent / "other" / "history.db") as history:
        talk = history.create_conversation(title=title).id
        history.add_message(talk, Role.USER, "a question", parent_id=None)
        FolderSync(history, folder).run()


async def test_a_sync_brings_what_other_machines_have(build_harness: Build, tmp_path: Path) -> None:
    remote(tmp_path / "stick", "from afar")
    async with run_app(build_harness()) as driver:
        await driver.type(f"/sync {tmp_path / 'stick'}")
        await driver.press("enter")
        await driver.wait_until(lambda: "received 1 message in 1 conversation" in driver.status)
        await driver.wait_for_text("from afar")
        await driver.type(f"/sync {tmp_path / 'gone'}")
        await driver.press("enter")
        await driver.wait_until(lambda: "not synced:" in driver.status)


async def test_regular_syncs_begin_at_the_start_and_report_a_failure_once(build_harness: Build, tmp_path: Path) -> None:
    remote(tmp_path / "stick", "from afar")
    targets = MappingProxyType({"stick": str(tmp_path / "stick"), "gone": str(tmp_path / "gone")})
    place = tmp_path / "config.toml"
    place.write_text("[sync.targets]\n" + "".join(f'{name} = "{path}"\n' for name, path in targets.items()))
    harness = build_harness(replace(config_with(), sync=Sync(targets, every=5)))
    harness.config_file = place
    async with run_app(harness) as driver:
        await driver.wait_until(lambda: "not synced: gone:" in driver.status)
        await driver.wait_for_text("from afar")
