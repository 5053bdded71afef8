"""Files on the command line: only an argument that is wholly `@path`, and `-a PATH`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from holytui.cli import main
from tests import pictures
from tests.servers import READ, ScriptedServer, answer


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("SECRET-A\n")
    Path("b.txt").write_text("SECRET-B\n")
    Path("p.png").write_bytes(pictures.png())


def ask(base_url: str, *words: str) -> int:
    Path("config.toml").write_text(
        f'default_model = "lab/eyes"\n[providers.lab]\nbase_url = "{base_url}"\n'
        "[providers.lab.models.eyes]\nvision = true\n[providers.lab.models.blind]\ncontext = 9\n"
    )
    return main(["--config", "config.toml", "ask", *words])


def asked(server: ScriptedServer) -> str:
    return json.dumps(json.loads(server.requests[0].body)["messages"])


def test_whole_arguments_and_the_option_attach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"piped @b.txt")))
    with ScriptedServer([READ, *answer("Hm.")]) as server:
        assert ask(server.base_url, "what is", "@a.txt", "-a", "p.png", "-a", "./a.txt") == 0
    said = asked(server)
    assert "what is @a.txt\\n\\npiped @b.txt\\n\\na.txt:\\n\\n```txt\\nSECRET-A" in said
    assert said.count("image_url") == 2
    assert "SECRET-B" not in said


def test_a_part_of_an_argument_attaches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"@b.txt\n@a.txt")))
    with ScriptedServer([READ, *answer("Hm.")]) as server:
        assert ask(server.base_url, "what is @a.txt", "x@b.txt", " @b.txt") == 0
    assert "SECRET" not in asked(server)


def test_folders_and_patterns_attach_and_name_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    Path("src").mkdir()
    Path("src/c.txt").write_text("SECRET-C\n")
    Path("src/bad\x1b.bin").write_bytes(b"\0")
    with ScriptedServer([READ, *answer("Hm.")]) as server:
        assert ask(server.base_url, "hi", "@src/", "-a", "[a]*.txt") == 0
    assert "src/c.txt:\\n\\n```txt\\nSECRET-C" in asked(server)
    assert "a.txt:\\n\\n```txt\\nSECRET-A" in asked(server)
    assert "SECRET-B" not in asked(server)
    assert capsys.readouterr().err == "holytui: src/: left out: src/bad␛.bin (not text)\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hi", "@word"], "@word: no such file. Nothing was sent. To send it as text, quote it with a word"),
        (["hi", "-a", "gone\x1b.txt"], "gone␛.txt: no such file. Nothing was sent"),
        (["hi", "-a", "."], "it is a folder"),
        (["hi", "@*.rs"], "@*.rs: no such file"),
        (["hi", "@p.png", "-m", "lab/blind"], "lab/blind sees no images. Nothing was sent. Use a model that"),
    ],
)
def test_what_cannot_be_attached_is_an_error_before_anything_is_sent(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    with ScriptedServer([READ, *answer("Hm.")]) as server:
        assert ask(server.base_url, *words) == 2
        assert not server.requests
    assert told in capsys.readouterr().err
