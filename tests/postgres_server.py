"""A PostgreSQL server for tests: Debian's programs, or those of HOLYTUI_POSTGRES; data in a temporary folder.

The processes of one test run share it: the first starts it, the last stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "100",
}


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`; None if there is none."""
    found = [Path(os.environ["HOLYTUI_POSTGRES"])] if os.environ.get("HOLYTUI_POSTGRES") else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    found += [Path(on_path).resolve().parent] if on_path else []
    return next((each for each in found if (each / "initdb").exists() and (each / "postgres").exists()), None)


def _account() -> str | None:
    """The user to run it as: it refuses to run as root."""
    if os.getuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


def _run(folder: Path, *argv: str) -> None:
    account = _account()
    done = subprocess.run(
        argv, cwd=folder, user=account, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{argv[0]}: {done.stderr.decode(errors='replace')}")


def start(bin_: Path) -> Path:
    """Start a server; return the folder of its socket and its data. Its superuser is `holytui`, without a password."""
    folder = Path(tempfile.mkdtemp(prefix="holytui-pg-", dir="/tmp"))
    folder.chmod(0o755)
    if (account := _account()) is not None:
        shutil.chown(folder, account)
    data = folder / "data"
    _run(folder, str(bin_ / "initdb"), "-D", str(data), "-U", "holytui", "--auth=trust", "-N", "-E", "UTF8")
    settings = "".join(f" -c {name}='{value}'" for name, value in _SETTINGS.items())
    log = str(folder / "log")
    options = f"-k {folder}{settings}"
    _run(folder, str(bin_ / "pg_ctl"), "-D", str(data), "-l", log, "-w", "-o", options, "start")
    return folder


def stop(bin_: Path, folder: Path) -> None:
    """Stop it and remove its data."""
    with contextlib.suppress(RuntimeError):
        _run(folder, str(bin_ / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def shared_server(bin_: Path, place: Path) -> Iterator[str]:
    """The address of a server that all processes with the same folder `place` share."""
    with _locked(place):
        users = place / "postgres-users"
        count = int(users.read_text()) if users.exists() else 0
        where = place / "postgres-folder"
        if not count:
            where.write_text(str(start(bin_)))
        users.write_text(str(count + 1))
        folder = Path(where.read_text())
    try:
        yield f"postgresql://holytui@/postgres?host={folder}"
    finally:
        with _locked(place):
            count = int(users.read_text()) - 1
            users.write_text(str(count))
            if not count:
                stop(bin_, folder)


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    with (place / "postgres-lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
