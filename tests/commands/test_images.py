"""What the command line says of images and of models that see them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.models import Role
from holytui.store.sqlite.history import SqliteHistory
from tests import pictures
from tests.pictures import image
from tests.servers import READ, ScriptedServer, answer

ONE = pictures.png(640, 480)


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A conversation whose question has an image."""
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    one = image(ONE, "photo.png")
    with SqliteHistory(tmp_path / "data" / "history.db") as history:
        talk = history.create_conversation(title="t").id
        history.add_message(talk, Role.USER, "what?", parent_id=None, images=[one], image_data={one.digest: ONE})
        return talk


def config(tmp_path: Path, base_url: str) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        f'default_model = "lab/eyes"\n[providers.lab]\nbase_url = "{base_url}"\n'
        "[providers.lab.models.eyes]\nvision = true\n[providers.lab.models.blind]\ncontext = 9\n"
    )
    return file


def test_an_answer_in_a_script_says_what_is_left_out(
    talk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedServer([READ, *answer("Hm.")], [READ, *answer("A cat.")]) as server:
        file = str(config(tmp_path, server.base_url))
        assert main(["--config", file, "ask", "-c", talk, "-m", "lab/blind", "and?"]) == 0
        blind = capsys.readouterr()
        assert main(["--config", file, "ask", "-c", talk, "-m", "lab/eyes", "and now?"]) == 0
        seeing = capsys.readouterr()
    assert (blind.out, blind.err) == ("Hm.\n", "holytui: 1 image is left out, as this model accepts none\n")
    assert (seeing.out, seeing.err) == ("A cat.\n", "")
    assert "image_url" not in server.requests[0].body.decode()
    assert "image_url" in server.requests[1].body.decode()
    assert main(["history", "show", talk]) == 0
    out = capsys.readouterr().out
    assert f"\n\nwhat?\n\n[image: photo.png · PNG · 640×480 · {len(ONE)} B]\n\n## You" in out
    assert " · complete · 1 image left out\n\nHm.\n" in out


def test_the_list_of_models_says_which_see(talk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config(tmp_path, "http://127.0.0.1:9/v1")), "models", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["model"] for line in lines if line["vision"]] == ["lab/eyes"]


def test_a_check_says_that_a_model_sees(talk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(config(tmp_path, "http://127.0.0.1:9/v1"))
    words = "It accepts images (vision = true)."
    main(["--config", file, "check"])
    assert words in capsys.readouterr().out
    main(["--config", file, "check", "-m", "lab/blind"])
    assert words not in capsys.readouterr().out
