"""`holytui ask` with a schema or a saved prompt, over real connections."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.commands.ask.schema import MAX_FILE, AnswerSchema
from holytui.errors import SchemaUnusable
from tests.servers import READ, ScriptedServer, Step, answer, whole

CITY = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    file = tmp_path / "city.json"
    file.write_text(json.dumps(CITY))
    return file


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run `holytui ask` at a server; its status, stdout and stderr."""
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    file = tmp_path / "config.toml"

    def run(server: ScriptedServer, *words: str, piped: str = "", more: str = "") -> tuple[int, str, str]:
        file.write_text(f'default_model = "test/model"\n[providers.test]\nbase_url = "{server.base_url}"\n{more}\n')
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
        status = main(["ask", "--config", str(file), *words])
        return (status, *capsys.readouterr())

    return run


def serving(*answers: str) -> ScriptedServer:
    """A server that gives one answer after another, on one connection or on several."""
    each: list[list[Step]] = [[READ, *answer(text)] for text in answers]
    return ScriptedServer(*([step for steps in each[first:] for step in steps] for first in range(len(each))))


def questions(server: ScriptedServer, number: int) -> list[str]:
    return [each["content"] for each in server.requests[number].json["messages"] if each["role"] == "user"]


# -- schemas


@pytest.mark.parametrize("text", ['{"name": "Huế"}', '```json\n{"name": "Huế"}\n```', '\n {"name": "Huế"}\n'])
def test_a_matching_answer_is_printed_as_json(ask: Ask, schema: Path, text: str) -> None:
    with serving(text) as server:
        assert ask(server, "--schema", str(schema), "A city?") == (0, '{"name": "Huế"}\n', "")
        sent = server.requests[0].json["response_format"]
    assert sent == {"type": "json_schema", "json_schema": {"name": "answer", "schema": CITY}}


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("Huế, of course.", "it is not JSON: Expecting value"),
        ('{"name": 5}', "$.name: 5 is not of type 'string'"),
        ("{}", "'name' is a required property"),
        ('{"name": NaN}', "it is not JSON: NaN"),
        ("[" * 100_000, "it is not JSON: nested too deeply"),
    ],
    ids=["prose", "type", "missing", "constant", "deep"],
)
def test_an_answer_that_does_not_match_is_asked_for_once_more(ask: Ask, schema: Path, first: str, reason: str) -> None:
    with serving(first, '{"name": "Huế"}') as server:
        status, out, err = ask(server, "--schema", str(schema), "A city?")
        assert (status, out) == (0, '{"name": "Huế"}\n')
        assert reason in err
        assert "is asked for once more" in err
        asked = questions(server, 1)
    assert asked[0] == "A city?"
    assert asked[1].startswith("That answer is not valid: ")
    assert reason in asked[1]
    assert json.dumps(CITY) in asked[1]


def test_two_answers_that_do_not_match_have_their_own_status(ask: Ask, schema: Path) -> None:
    with serving("no", "never") as server:
        status, out, err = ask(server, "--schema", str(schema), "A city?")
        assert (status, out, len(server.requests)) == (6, "never\n", 2)
    assert "the second answer does not match the schema either" in err


def test_json_lines_say_whether_the_answer_matches(ask: Ask, schema: Path) -> None:
    with serving("no", '{"name": "Huế"}') as server:
        status, out, _ = ask(server, "--json", "--schema", str(schema), "A city?")
    ends = [line for line in map(json.loads, out.splitlines()) if line["event"] == "finished"]
    assert status == 0
    assert [(end["valid"], end["data"]) for end in ends] == [(False, None), (True, {"name": "Huế"})]
    assert "not JSON" in ends[0]["schema_error"]
    assert ends[1]["schema_error"] is None
    assert ends[0]["conversation"] == ends[1]["conversation"]


def test_a_server_that_refuses_schemas_gets_an_instruction(ask: Ask, schema: Path) -> None:
    refusal = whole("400 Bad Request", {"error": {"message": "This response_format type is unavailable now"}})
    with ScriptedServer([READ, refusal, READ, *answer('{"name": "Huế"}')]) as server:
        status, out, err = ask(server, "--schema", str(schema), "A city?")
        assert (status, out) == (0, '{"name": "Huế"}\n')
        assert "sent without response_format" in err
        assert "response_format" not in server.requests[1].json
        (asked,) = questions(server, 1)
    assert asked.startswith("A city?\n\nAnswer with a single JSON value that matches this JSON schema")


def test_the_responses_api_has_the_schema_in_its_own_form(ask: Ask, schema: Path) -> None:
    with serving("no") as server:
        ask(server, "--schema", str(schema), "A city?", more='api = "responses"')
        body = server.requests[0].json
    assert body["text"]["format"] == {"type": "json_schema", "name": "answer", "schema": CITY}


def test_the_schema_is_for_one_question(ask: Ask, schema: Path) -> None:
    with serving('{"name": "Huế"}', "fine") as server:
        ask(server, "--schema", str(schema), "A city?")
        assert ask(server, "-C", "And?")[:2] == (0, "fine\n")
        assert "response_format" not in server.requests[1].json
        assert questions(server, 1) == ["A city?", "And?"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON: line 1, column 2"),
        ("[1]", "it must be an object"),
        ('{"type": "strin"}', "is not a JSON schema: $.type: 'strin' is not valid"),
        ("[" * 100_000, "nested too deeply"),
        (" " * (MAX_FILE + 1), "is longer than 1 MB"),
    ],
    ids=["broken", "list", "type", "deep", "long"],
)
def test_an_unusable_schema_is_reported_and_nothing_is_sent(ask: Ask, schema: Path, text: str, words: str) -> None:
    schema.write_text(text)
    with serving("x") as server:
        status, _, err = ask(server, "--schema", str(schema), "A city?")
        assert (status, server.requests) == (2, [])
    assert words in err


def test_a_missing_file_or_package_is_named(tmp_path: Path, schema: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SchemaUnusable, match="cannot be read"):
        AnswerSchema.read(tmp_path / "nothing.json")
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(SchemaUnusable) as raised:
        AnswerSchema.read(schema)
    assert 'pip install "holytui[schema]"' in raised.value.hint


def test_no_reference_of_a_schema_is_fetched(schema: Path) -> None:
    with serving("x") as server:
        schema.write_text(json.dumps({"$ref": f"{server.base_url}/remote.json"}))
        checked = AnswerSchema.read(schema).check("1")
        assert server.requests == []
    assert "the schema cannot be applied" in checked.error


# -- saved prompts

SAVED = '[prompts]\ntranslate = "Translate into {language}:"\n'


def test_a_saved_prompt_is_the_question_with_its_values(ask: Ask) -> None:
    with serving("bon jour") as server:
        words = ("-t", "translate", "language=Old French", "good", "day")
        assert ask(server, *words, more=SAVED, piped="and more\n")[:2] == (0, "bon jour\n")
        assert questions(server, 0) == ["Translate into Old French:\n\ngood day\n\nand more"]


def test_a_value_that_is_missing_is_a_usage_error(ask: Ask) -> None:
    with serving("x") as server:
        status, _, err = ask(server, "--template", "translate", "good", more=SAVED)
        assert (status, server.requests) == (2, [])
    assert "The prompt “translate” needs a value for language" in err


def test_without_a_template_an_equals_sign_is_text(ask: Ask) -> None:
    with serving("x") as server:
        ask(server, "language=French")
        assert questions(server, 0) == ["language=French"]
