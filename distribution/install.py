"""`make install` and `make uninstall`: the command on the PATH, completions and the man page in the user's folders.

Runs with the standard library alone, before anything is installed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from distribution.files import COMPLETIONS, MAN_PAGE, PROGRAM

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


class InstallError(Exception):
    """Nothing can be installed; the message says why."""


class UvTool:
    """An installation by `uv tool`."""

    name = "uv"

    def bin_dir(self) -> Path:
        """Return the folder of commands."""
        return Path(_output("uv", "tool", "dir", "--bin"))

    def is_installed(self) -> bool:
        """Return whether holytui is installed in this way."""
        return Path(_output("uv", "tool", "dir"), PROGRAM).exists()

    def install(self, source: str) -> None:
        """Install or replace holytui."""
        _run("uv", "tool", "install", "--quiet", "--force", "--reinstall-package", PROGRAM, source)

    def uninstall(self) -> None:
        """Remove holytui."""
        _run("uv", "tool", "uninstall", "--quiet", PROGRAM)


class Pipx:
    """An installation by pipx."""

    name = "pipx"

    def bin_dir(self) -> Path:
        """Return the folder of commands."""
        return Path(_output("pipx", "environment", "--value", "PIPX_BIN_DIR"))

    def is_installed(self) -> bool:
        """Return whether holytui is installed in this way."""
        return Path(_output("pipx", "environment", "--value", "PIPX_LOCAL_VENVS"), PROGRAM).exists()

    def install(self, source: str) -> None:
        """Install or replace holytui."""
        _run("pipx", "install", "--force", "--python", sys.executable, source)

    def uninstall(self) -> None:
        """Remove holytui."""
        _run("pipx", "uninstall", PROGRAM)


class Venv:
    """An installation in a virtual environment of its own, with a link to the command."""

    name = "pip"

    def __init__(self, home: Path) -> None:
        self._folder = home / ".local" / "lib" / PROGRAM
        self._link = home / ".local" / "bin" / PROGRAM

    def bin_dir(self) -> Path:
        """Return the folder of commands."""
        return self._link.parent

    def is_installed(self) -> bool:
        """Return whether holytui is installed in this way."""
        return self._folder.exists()

    def install(self, source: str) -> None:
        """Install or replace holytui."""
        if sys.version_info[:2] < OLDEST:
            raise InstallError(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed: make install PYTHON=python3.12")
        if (self._link.exists() or self._link.is_symlink()) and not self._is_ours():
            raise InstallError(f"{self._link} exists and is another program; move it away first")
        python = self._folder / "bin" / "python"
        if not python.exists():
            _run(sys.executable, "-m", "venv", "--clear", str(self._folder))
        _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", source)
        self._link.parent.mkdir(parents=True, exist_ok=True)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(self._folder / "bin" / PROGRAM)

    def uninstall(self) -> None:
        """Remove holytui."""
        if self._is_ours():
            self._link.unlink()
        shutil.rmtree(self._folder)

    def _is_ours(self) -> bool:
        return self._link.is_symlink() and Path(os.readlink(self._link)).is_relative_to(self._folder)  # noqa: PTH115 - a text


if TYPE_CHECKING:  # as Python 3.9, with which uv may be started, does not know it
    Method = UvTool | Pipx | Venv


def methods(home: Path) -> list[Method]:
    """Return the ways to install that are possible here, the best first."""
    tools: list[Method] = [tool for tool in (UvTool(), Pipx()) if shutil.which(tool.name)]
    return [*tools, Venv(home)]


def install(home: Path, extras: str = "") -> None:
    """Install holytui by the best method, and say where everything is. `extras` are names with commas between."""
    method = methods(home)[0]
    method.install(f"{ROOT}[{extras}]" if extras else str(ROOT))
    command = method.bin_dir() / PROGRAM
    _say(f"Installed with {method.name}: {_short(command, home)}")
    prefix = command.resolve().parent.parent
    for kind, path, target in shared_files(home):
        source = prefix / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (target.exists() and target.samefile(source)):  # pipx links the man page by itself
            shutil.copyfile(source, target)
        _say(f"{kind}: {_short(target, home)}")
    if shutil.which("zsh"):
        folder = _short(data_dir(home) / "zsh" / "site-functions", home)
        _say(f"For zsh, put this line before compinit in ~/.zshrc: fpath=({folder} $fpath)")
    _say_path(command, home)


def uninstall(home: Path) -> None:
    """Remove what `install` added, by whichever method, and say what is kept."""
    installed = [method for method in methods(home) if method.is_installed()]
    for method in installed:
        method.uninstall()
        _say(f"Removed the command that {method.name} installed")
    removed = [target for _kind, _path, target in shared_files(home) if target.exists() or target.is_symlink()]
    for target in removed:
        target.unlink()
        _say(f"Removed {_short(target, home)}")
    if not installed and not removed:
        _say("holytui is not installed")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / PROGRAM
    for title, folder in (("configuration", config), ("conversations", data_dir(home) / PROGRAM)):
        if folder.exists():
            _say(f"Kept your {title}: {_short(folder, home)}")


def data_dir(home: Path) -> Path:
    """Return the user's folder of data."""
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")


def shared_files(home: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield title, path below the prefix, and path in the user's folders of each file."""
    for shell, path in COMPLETIONS.items():
        yield f"Completions for {shell}", path, data_dir(home) / Path(path).relative_to("share")
    yield "Man page", MAN_PAGE, data_dir(home) / Path(MAN_PAGE).relative_to("share")


def _say_path(command: Path, home: Path) -> None:
    folder = _short(command.parent, home)
    if str(command.parent) not in os.environ.get("PATH", "").split(os.pathsep):
        _say(f"{folder} is not on your PATH. Add this line to ~/.profile and log in again:")
        _say(f'  export PATH="{folder.replace("~", "$HOME", 1)}:$PATH"')
    elif (first := shutil.which(PROGRAM)) and not Path(first).samefile(command):
        _say(f"{folder} is on your PATH, but {_short(Path(first), home)} comes before it")
    else:
        _say(f"{folder} is on your PATH: run {PROGRAM}")


def _short(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise InstallError(f"this failed: {shlex.join(command)}") from exc


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as exc:
        raise InstallError(f"this failed: {shlex.join(command)}") from exc


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a tool of the Makefile


def main() -> int:
    """Install with the extras of the first argument, or with `--remove` uninstall; return the exit status."""
    arguments = sys.argv[1:]
    try:
        if arguments == ["--remove"]:
            uninstall(Path.home())
        else:
            install(Path.home(), *arguments)
    except InstallError as error:
        print(f"holytui: {error}", file=sys.stderr)  # noqa: T201 - likewise
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
