"""`make install` in an empty home, with stand-ins for uv, pipx and pip."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from distribution import install as installer
from distribution.files import COMPLETIONS, MAN_PAGE
from distribution.install import InstallError, install, uninstall

UV = """#!/bin/sh
tools=$HOME/.local/share/uv/tools
case "$*" in
"tool dir --bin") echo "$HOME/.local/bin" ;;
"tool dir") echo "$tools" ;;
"tool install --quiet --force --reinstall-package holytui "*) fill "$tools/holytui" && exec link "$tools/holytui" ;;
"tool uninstall --quiet holytui") rm -r "$tools/holytui" "$HOME/.local/bin/holytui" ;;
*) exit 9 ;;
esac
"""
PIPX = """#!/bin/sh
venvs=$HOME/.local/pipx/venvs
case "$1 $3" in
"environment PIPX_BIN_DIR") echo "$HOME/.local/bin" ;;
"environment PIPX_LOCAL_VENVS") echo "$venvs" ;;
"install --python")
  fill "$venvs/holytui" && link "$venvs/holytui"
  mkdir -p "$HOME/.local/share/man/man1"
  ln -sf "$venvs/holytui/share/man/man1/holytui.1" "$HOME/.local/share/man/man1/holytui.1" ;;
"uninstall ") rm -r "$venvs/holytui" "$HOME/.local/bin/holytui" "$HOME/.local/share/man/man1/holytui.1" ;;
*) exit 9 ;;
esac
"""
FILL = "#!/bin/sh\n" + "\n".join(
    f'mkdir -p "$1/{Path(path).parent}" && echo new > "$1/{path}"'
    for path in ("bin/holytui", *COMPLETIONS.values(), MAN_PAGE)
)
LINK = '#!/bin/sh\nmkdir -p "$HOME/.local/bin" && ln -sf "$1/bin/holytui" "$HOME/.local/bin/holytui"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    _add_program(tmp_path, "fill", FILL)
    _add_program(tmp_path, "link", LINK)
    for name in ("sh", "mkdir", "ln", "rm"):
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Path.home()


def _add_program(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "bin" / name
    file.write_text(text)
    file.chmod(0o755)


def _shared(home: Path) -> list[Path]:
    return [target for _kind, _path, target in installer.shared_files(home)]


@pytest.fixture(params=["uv", "pipx", "pip"])
def method(request: pytest.FixtureRequest, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    match request.param:
        case "uv":
            _add_program(tmp_path, "uv", UV)
            _add_program(tmp_path, "pipx", PIPX)
        case "pipx":
            _add_program(tmp_path, "pipx", PIPX)
        case _:

            def run(*command: str) -> None:
                if command[1:3] == ("-m", "venv"):
                    os.system(f"fill {command[-1]}")
                    (Path(command[-1]) / "bin" / "python").touch()

            monkeypatch.setattr(installer, "_run", run)
    return str(request.param)


def test_it_is_installed_twice_and_removed(method: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = home / ".local/share/holytui/history.db"
    history.parent.mkdir(parents=True)
    history.touch()
    for _time in (1, 2):
        install(home)
        assert (home / ".local/bin/holytui").read_text() == "new\n"
        assert [file.read_text() for file in _shared(home)] == ["new\n"] * 4
    said = capsys.readouterr().out
    assert f"Installed with {method}: ~/.local/bin/holytui" in said
    assert 'export PATH="$HOME/.local/bin:$PATH"' in said
    uninstall(home)
    assert not (home / ".local/bin/holytui").exists()
    assert [file for file in _shared(home) if file.exists()] == []
    assert history.exists()
    assert "Kept your conversations: ~/.local/share/holytui" in capsys.readouterr().out
    uninstall(home)
    assert "holytui is not installed" in capsys.readouterr().out


def test_extras_are_installed(home: Path, tmp_path: Path) -> None:
    _add_program(tmp_path, "uv", UV.replace('holytui "*)', 'holytui "*"[math,socks]")'))
    install(home, "math,socks")
    with pytest.raises(InstallError, match=r"\[math\]"):
        install(home, "math")


def test_it_says_which_command_is_found(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _add_program(tmp_path, "uv", UV)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{home / '.local/bin'}")
    install(home)
    (home / ".local/bin/holytui").chmod(0o755)
    capsys.readouterr()
    install(home)
    said = capsys.readouterr().out
    (home / ".local/bin/holytui").chmod(0o755)
    assert "~/.local/bin is on your PATH: run holytui" in said
    _add_program(tmp_path, "holytui", "#!/bin/sh\n")
    install(home)
    assert f"but {tmp_path / 'bin' / 'holytui'} comes before it" in capsys.readouterr().out


def test_another_program_of_that_name_is_not_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = home / ".local/bin/holytui"
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    with pytest.raises(InstallError, match="is another program"):
        install(home)
    assert other.read_text() == "mine"


def test_an_old_python_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    with pytest.raises(InstallError, match=r"Python 3\.11 or newer"):
        install(home)


def test_a_failed_tool_is_named(home: Path, tmp_path: Path) -> None:
    _add_program(tmp_path, "uv", "#!/bin/sh\nexit 3\n")
    with pytest.raises(InstallError, match="this failed: uv tool install"):
        install(home)
