"""What is installed is what works: the wheel is built, unpacked alone, and asked."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from distribution import files
from holytui import __version__

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    assert wheel.name.startswith(f"holytui-{__version__}-")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _run(installed: Path, tmp_path: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(installed), "HOLYTUI_DATA_DIR": str(tmp_path / "data")}
    return subprocess.run(
        [sys.executable, *arguments], input=stdin, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=40
    )


def test_the_package_alone_is_what_runs(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, tmp_path, "-c", "import holytui; print(holytui.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed)


def test_it_answers_and_keeps_what_was_said(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, tmp_path, "-m", "holytui", "ask", stdin="what does Esc do?")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Esc" in done.stdout
    assert (tmp_path / "data" / "history.db").stat().st_mode & 0o777 == 0o600


def test_themes_example_and_catalogue_are_in_it(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    done = _run(installed, tmp_path, "-m", "holytui", "--config", str(file), "config", "init")
    assert done.returncode == 0, done.stderr
    assert file.read_text() == (ROOT / "config.example.toml").read_text()
    code = "from holytui.ui.themes import loader as themes; print(themes.own_folder(), len(themes.load().themes))"
    themes = _run(installed, tmp_path, "-c", code)
    folder, count = themes.stdout.split()
    assert Path(folder).is_relative_to(installed)
    assert int(count) >= 4
    vietnamese = _run(installed, tmp_path, "-m", "holytui", "--lang", "vi", "ask")
    assert "câu hỏi" in vietnamese.stderr


def test_completions_and_the_man_page_are_in_it(installed: Path) -> None:
    (share,) = installed.glob("holytui-*.data/data/share")
    for path in (*files.COMPLETIONS.values(), files.MAN_PAGE):
        assert "holytui" in (share.parent / path).read_text()


def test_the_versions_agree() -> None:
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()
