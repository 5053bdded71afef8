"""A sync with any kind of address, for the command line and the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from holytui.store.replica.records import Applied
from holytui.sync import ssh
from holytui.sync.address import Address, SshAddress
from holytui.sync.channel import JSON
from holytui.sync.exchange import Exchange, Listener, Progress
from holytui.sync.folder.sync import FolderSync

if TYPE_CHECKING:
    from holytui.store.history import History


@dataclass(frozen=True, slots=True)
class Report:
    """What a sync did."""

    progress: Progress
    bytes_sent: int
    bytes_received: int
    seconds: float
    waiting: tuple[str, ...] = ()
    """Files of a folder that are incomplete or damaged, and are read once they are whole."""

    def to_json(self) -> JSON:
        """Return the report as JSON values."""
        return {
            **progress_json(self.progress),
            "differing_ranges": self.progress.differing,
            "bytes_sent": self.bytes_sent,
            "bytes_received": self.bytes_received,
            "seconds": round(self.seconds, 3),
            "waiting": list(self.waiting),
        }


def progress_json(progress: Progress) -> JSON:
    """Return what was received and sent as JSON values."""
    return {"received": asdict(progress.received), "sent": asdict(progress.sent)}


def progress_from_json(value: JSON) -> Progress:
    """Return the progress in the values of `progress_json`. Raises KeyError, TypeError."""
    return Progress(Applied(**value["received"]), Applied(**value["sent"]))


@dataclass(frozen=True, slots=True)
class Options:
    """How to sync."""

    command: str = ""
    """The command that starts holytui on the other host; empty for the usual places."""
    verify: bool = False
    """Compare everything afterwards."""
    interactive: bool = False
    """ssh may ask for passwords and about host keys on the terminal."""


def run(
    history: History,
    address: Address,
    options: Options,
    *,
    listener: Listener = lambda _progress: None,
    on_stderr: ssh.StderrListener = lambda _line: None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Sync once. Blocks. Raises SyncError, StoreError; what had arrived is kept."""
    began = clock()
    if isinstance(address, SshAddress):
        with ssh.connect(address, options.command, interactive=options.interactive, on_stderr=on_stderr) as (
            remote,
            channel,
        ):
            progress = Exchange(history, remote, listener).run(verify=options.verify)
        return Report(progress, channel.sent, channel.received, clock() - began)
    folder = FolderSync(history, address.path, listener)
    folder.run()
    return Report(folder.progress, folder.bytes_written, folder.bytes_read, clock() - began, tuple(folder.waiting))
