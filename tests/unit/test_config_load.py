from __future__ import annotations

import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.config.constraints import CONSTRAINTS
from holytui.config.key_locations import scan
from holytui.config.load import KEY_SOURCES, Loaded, build_config, load
from holytui.config.params_line import parse_option, parse_params
from holytui.config.presets import PRESETS
from holytui.config.problems import Severity, describe_value, dotted
from holytui.config.reader import file_fields
from holytui.config.schema import Api, Config, Provider, Recover
from holytui.models import RESERVED_PARAMS
from holytui.secret import scrub


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def loaded(file: Path, text: str) -> Loaded:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return load(file)


def told(file: Path, text: str) -> list[str]:
    return [str(problem) for problem in loaded(file, text).problems]


@pytest.mark.parametrize("name", RESERVED_PARAMS)
def test_the_file_and_the_line_of_parameters_refuse_the_same_names(file: Path, name: str) -> None:
    (problem,) = told(file, f"[providers.openai.models.m]\nparams = {{ {name} = 1, top_k = 1 }}")
    assert f"params.{name}: " in problem
    assert isinstance(parse_params(f"{name} = 1"), str)
    assert isinstance(parse_option(f"{name}=1"), str)
    assert parse_params("top_k = 1") == {"top_k": 1}


def test_the_api_is_that_of_the_provider_unless_a_model_has_its_own(file: Path) -> None:
    text = '[providers.openai]\napi = "responses"\n[providers.openai.models.m]\napi = "chat"\n'
    provider = loaded(file, text).config.providers["openai"]
    assert (provider.api, provider.models["m"].api) == (Api.RESPONSES, Api.CHAT)
    assert loaded(file, "[providers.openai.models.m]").config.providers["openai"].models["m"].api is None
    (problem,) = told(file, '[providers.openai]\napi = "response"')
    assert problem.endswith(':2: providers.openai.api: found "response", expected one of "auto", "chat", "responses"')
    (problem,) = told(file, '[providers.x]\nbase_url = "https://h/v1/responses"')
    assert "providers.x.base_url" in problem


def test_no_file_means_the_defaults_and_no_problem(file: Path) -> None:
    assert load(file) == Loaded(Config())


def test_the_users_own_file_is_read_when_none_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('system = "Be short."')
    monkeypatch.setenv("HOLYTUI_CONFIG", str(file))
    assert load().config.system == "Be short."


def test_a_whole_configuration_is_read(file: Path) -> None:
    result = loaded(
        file,
        """
        default_model = "work/org/model"
        system = "short"
        prompts.short = "Be short."
        [stream]
        max_retries = 5
        retry_delay = 2
        recover = "ask"
        [ui]
        mouse = true
        [keys]
        "chat.stop" = "escape f12"
        app.help = ["f1", "?"]
        "app.mouse" = ""
        "app.quit" = []
        [providers.work]
        base_url = "https://llm.example/v1"
        api_key_command = ["pass", "show", "work"]
        headers = { X-Team = "a" }
        recover = "instruct"
        [providers.work.models."org/model"]
        context = 8192
        price = { input = 1, output = 2.5 }
        params = { temperature = 0.5, stop = ["x"] }
        vision = true
        recover = "prefill"
        """,
    )
    assert result.problems == ()
    config = result.config
    assert config.source == file
    assert (config.default_model, config.system, config.prompts["short"]) == ("work/org/model", "short", "Be short.")
    assert (config.stream.max_retries, config.stream.retry_delay, config.stream.recover) == (5, 2.0, Recover.ASK)
    assert isinstance(config.stream.retry_delay, float)
    assert config.ui.mouse
    assert dict(config.keys) == {
        "chat.stop": ("escape", "f12"),
        "app.help": ("f1", "?"),
        "app.mouse": (),
        "app.quit": (),
    }
    work = config.providers["work"]
    assert (work.name, work.api_key_command, work.headers["X-Team"]) == ("work", ("pass", "show", "work"), "a")
    assert work.recover is Recover.INSTRUCT
    model = work.models["org/model"]
    assert (model.name, model.context, model.vision, model.recover) == ("org/model", 8192, True, Recover.PREFILL)
    assert model.price is not None
    assert (model.price.input, model.price.output, model.price.cached) == (1.0, 2.5, None)
    assert dict(model.params) == {"temperature": 0.5, "stop": ["x"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[stream]\nmax_retries = 'three'",
            '2: stream.max_retries: found "three", expected a whole number of 0 or more',
        ),
        ("stream.max_retries = true", "1: stream.max_retries: found true, expected a whole number of 0 or more"),
        ("stream.max_retries = 1.5", "1: stream.max_retries: found 1.5, expected a whole number of 0 or more"),
        ("stream.max_retries = -1", "1: stream.max_retries: found -1, expected a whole number of 0 or more"),
        ("stream.max_attempts = 0", "1: stream.max_attempts: found 0, expected a whole number of 1 or more"),
        ("stream.retry_delay = nan", "1: stream.retry_delay: found nan, expected a number of seconds from 0 to 86400"),
        ("stream.max_delay = inf", "1: stream.max_delay: found inf, expected a number of seconds from 0 to 86400"),
        (
            "stream.idle_timeout = 0",
            "1: stream.idle_timeout: found 0, expected a number of seconds above 0, at most 86400",
        ),
        (
            "stream.recover = 'x'",
            '1: stream.recover: found "x", expected one of "auto", "prefill", "instruct", "restart", "ask"',
        ),
        ("stream.max_retrys = 1", '1: stream.max_retrys: unknown key; did you mean "max_retries"?'),
        ("max_retries = 1", "1: max_retries: unknown key here; it belongs in [stream]"),
        (
            "[stream]\ndefault_model = 'a/b'",
            "2: stream.default_model: unknown key here; it belongs at the top of the file, above any [table]",
        ),
        (
            "[keys]\ndefault_model = 'a/b'",
            "2: keys.default_model: unknown key here; it belongs at the top of the file, above any [table]",
        ),
        ("[keys]\ntheme = 'x'", "2: keys.theme: unknown key here; it belongs in [ui]"),
        ("stream = 1", "1: stream: found 1, expected a table"),
        ("stream = [1]", "1: stream: found a list, expected a table"),
        ("ui.mouse = 'yes'", '1: ui.mouse: found "yes", expected true or false'),
        ("ui.text_width = -1", "1: ui.text_width: found -1, expected a whole number of 0 or more"),
        ('[ui]\nnotify = "beep"', '2: ui.notify: found "beep", expected one of "off", "bell", "osc9"'),
        ("ui.enter = 'x'", '1: ui.enter: found "x", expected one of "send", "newline"'),
        ("ui.theme = 1979-05-27", "1: ui.theme: found a date or time, expected a text"),
        ("system = 5", "1: system: found 5, expected a text"),
        ("prompts.a = 5", "1: prompts.a: found 5, expected a text"),
        ("prompts = 5", "1: prompts: found 5, expected a table"),
        ("providers = 5", "1: providers: found 5, expected a table"),
        ("providers.x = 5", "1: providers.x: found 5, expected a table"),
        ("[providers.guide]", "1: providers.guide: this name is reserved for the built-in guide; choose another"),
        (
            "[providers.'a/b']\nbase_url = 'http://x'",
            '1: providers."a/b": a provider\'s name must not be empty or contain spaces or a slash',
        ),
        ("[providers.zzz]", '1: providers.zzz: "base_url" is missing'),
        (
            "[providers.opnai]",
            '1: providers.opnai: "base_url" is missing; or did you mean the provider "openai"?',
        ),
        ("[providers.openai.models.'']", '1: providers.openai.models."": a name must not be empty'),
        (
            "[providers.openai.models.gpt-4.1]",
            '1: providers.openai.models.gpt-4.1: unknown key; a model name with a dot needs quotes: "gpt-4.1"',
        ),
        (
            "[providers.openai.models.m]\nprice.input = -1\nprice.output = 1",
            "2: providers.openai.models.m.price.input: found -1, expected a price per million tokens, 0 or more",
        ),
        (
            "[providers.openai.models.m]\nprice.input = 1",
            '2: providers.openai.models.m.price: "output" is missing',
        ),
        (
            "[providers.openai.models.m]\nparams = 'x'",
            '2: providers.openai.models.m.params: found "x", expected a table',
        ),
        (
            "[providers.openai.models.m]\nparams.stream = false",
            "2: providers.openai.models.m.params.stream: found false, expected a parameter other than model, messages, "
            "stream, stream_options, n (holytui sets those), with a value that JSON can hold",
        ),
        (
            "[providers.openai]\nheaders = { 'a b' = 'x' }",
            '2: providers.openai.headers."a b": found a text, expected a valid HTTP header name and value '
            "(printable ASCII)",
        ),
        (
            "[providers.openai]\napi_key_command = 'pass'",
            "2: providers.openai.api_key_command: found a text, expected a command as a list of texts, such as "
            '["pass", "show", "name"]',
        ),
        (
            "[providers.openai]\napi_key_env = 'sk-abc-123'",
            "2: providers.openai.api_key_env: found a text, expected the name of an environment variable "
            "(not the key itself)",
        ),
        (
            "[providers.openai]\napi_key_env = 'A'\napi_key_file = 'b'",
            "3: providers.openai.api_key_file: more than one source of the key (api_key_env, api_key_file); "
            "only api_key_env is used",
        ),
        (
            "[providers.ollama]\napi_key_env_file = 'x'",
            '2: providers.ollama.api_key_env_file: "api_key_env" must name the variable to look up in it',
        ),
        (
            "[providers.openai.oauth]\ntoken_url = 'http://far.example/t'\nclient_id = 'x'",
            '2: providers.openai.oauth.token_url: found "http://far.example/t", expected an https address, or one of '
            "this machine",
        ),
        (
            "[providers.openai.oauth]\ntoken_url = 'https://x/t'\nclient_id = 'x'",
            '1: providers.openai.oauth: one of "refresh_token_file" and "refresh_token_command" must be set',
        ),
        ("keys = 5", "1: keys: found 5, expected a table"),
        ("keys.'a.b' = 5", '1: keys."a.b": found 5, expected a key such as "f2", a list of keys, or "" for none'),
        (
            "default_model = 'gpt-4o'",
            '1: default_model: found "gpt-4o", expected a provider and a model, such as "holysheep/gpt-4o"',
        ),
        (
            "default_model = 'holyshep/gpt-4o'",
            '1: default_model: no provider "holyshep" is configured; did you mean "holysheep"?',
        ),
        ("default_model = 'zzz/gpt-4o'", '1: default_model: no provider "zzz" is configured'),
        ("a = 1\nb = \nc = 1", "2:5: Invalid value"),
        ("a = 1\nb = ", "2: Invalid value"),
        ("a = 1\na = 2\nb = 1", "2:6: Cannot overwrite a value"),
        ("default_model = holysheep/gpt-4o", '1:17: a text needs quotes: "…"'),
        ("[providers.x]\napi_key = sk-123", '2:11: a text needs quotes: "…"'),
        ("[providers.x]\napi_key_file = ~/key # mine", '2:16: a text needs quotes: "…"'),
        ("a = 4o-mini", '1:6: a text needs quotes: "…"'),
        ("a = [b, 1]", '1:6: a text needs quotes: "…"'),
        ("[ui]\nmouse = True", "2:9: true and false are written in lower case"),
        ("a = 1.2.3", "1:8: Expected newline or end of document after a statement"),
        ('a = "b', "1: Unterminated string"),
    ],
)
def test_a_problem_names_line_key_found_and_expected(file: Path, text: str, said: str) -> None:
    assert told(file, text) == [f"config.toml:{said}"]


BAD_ADDRESSES = [
    "ftp://x/v1",
    "api.example/v1",
    "https://",
    "https://x:99999/v1",
    "https://x y/v1",
    "https://user:pw@x/v1",
    "https://x/v1?key=1",
    "https://x/v1/chat/completions",
    "http://[::1",
    "",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_a_provider_with_a_bad_address_is_stopped(file: Path, address: str) -> None:
    result = loaded(file, f"[providers.x]\nbase_url = '{address}'\n[providers.openai]\n")
    assert [(problem.line, problem.key) for problem in result.problems] == [(2, "providers.x.base_url")]
    assert {name: provider.blocked for name, provider in result.config.providers.items()} == {
        "x": str(result.problems[0]),
        "openai": "",
    }


def test_all_problems_are_told_at_once_and_the_rest_is_used(file: Path) -> None:
    result = loaded(
        file,
        "default_model = 'openai/gpt'\n[stream]\nmax_retries = 'x'\nmax_delay = 5\nnope = 1\n"
        "[ui]\nmouse = 1\nsidebar = false\n[providers.openai.models.gpt]\ncontext = 0\nvision = true\n",
    )
    assert [problem.line for problem in result.problems] == [3, 5, 7, 10]
    config = result.config
    assert (config.stream.max_retries, config.stream.max_delay) == (3, 5.0)
    assert (config.ui.mouse, config.ui.sidebar) == (False, False)
    model = config.providers["openai"].models["gpt"]
    assert (model.context, model.vision) == (None, True)


def test_a_default_model_of_a_stopped_provider_stays_so_that_asking_tells_why(file: Path) -> None:
    result = loaded(file, "default_model = 'x/y'\n[providers.x]\nbase_url = 5\n")
    assert result.config.default_model == "x/y"
    assert [problem.key for problem in result.problems] == ["providers.x.base_url"]


def test_a_default_model_of_a_provider_with_an_impossible_name_gives_way_to_the_guide(file: Path) -> None:
    assert loaded(file, "default_model = 'a b/y'\n[providers.'a b']\n").config.default_model == "guide/guide"


def test_a_preset_gives_address_and_key_variable(file: Path) -> None:
    config = loaded(file, "[providers.holysheep.models.'gpt-4o']\n").config
    provider = config.providers["holysheep"]
    assert provider.base_url == "https://api.holysheep.ai/v1"
    assert provider.api_key_env == "HOLYSHEEP_API_KEY"


def test_what_is_set_goes_before_the_preset(file: Path) -> None:
    config = loaded(file, "[providers.openai]\nbase_url = 'http://127.0.0.1:1/v1'\napi_key_command = ['k']\n").config
    provider = config.providers["openai"]
    assert provider.base_url == "http://127.0.0.1:1/v1"
    assert (provider.api_key_env, provider.api_key_command) == ("", ("k",))


def test_a_preset_named_by_the_default_model_is_configured(file: Path) -> None:
    config = loaded(file, "default_model = 'openai/gpt-5'\n").config
    assert config.default_model == "openai/gpt-5"
    assert config.providers["openai"] == PRESETS["openai"].provider()


def test_files_are_meant_from_the_folder_of_the_configuration(file: Path) -> None:
    config = loaded(file, "[providers.openai]\napi_key_file = 'key'\nca_file = '~/ca.pem'\n").config
    provider = config.providers["openai"]
    assert provider.api_key_file == str(file.parent / "key")
    assert provider.ca_file == str(Path.home() / "ca.pem")


@pytest.mark.parametrize(
    "line",
    ["api_key = 'sk-open-secret'", "headers = { X-Api-Key = 'sk-open-secret' }", "proxy = 'http://u:sk-open-secret@p'"],
)
def test_a_key_in_a_file_that_others_can_read_is_not_used(file: Path, line: str) -> None:
    text = f"[providers.openai]\n{line}\n[providers.groq]\n"
    assert loaded(file, text).problems == ()
    file.chmod(0o644)
    result = load(file)
    (problem,) = result.problems
    told = f"config.toml: holds a key and can be read by others, so the key is not used; run: chmod 600 {file}"
    assert str(problem) == told
    assert {name: one.blocked for name, one in result.config.providers.items()} == {"openai": told, "groq": ""}
    assert scrub("said sk-open-secret") == "said •••"


SHARE = "[history]\nshare = 'postgresql://me:db-open-secret@db/x'\n"


def test_a_password_in_a_file_that_others_can_read_is_not_used(file: Path) -> None:
    assert loaded(file, SHARE).problems == ()
    assert load(file).config.history.share == "postgresql://me:db-open-secret@db/x"
    file.chmod(0o644)
    result = load(file)
    assert [str(problem) for problem in result.problems] == [
        f"config.toml: holds a password and can be read by others, so the history is not shared; run: chmod 600 {file}"
    ]
    assert result.config.history.share == ""
    assert scrub("said db-open-secret") == "said •••"


def test_an_address_without_a_password_is_used_from_a_file_that_others_can_read(file: Path) -> None:
    loaded(file, "[history]\nshare = 'service=work'\n")
    file.chmod(0o644)
    assert load(file).config.history.share == "service=work"
    file.chmod(0o666)
    assert load(file).config.history.share == ""


@pytest.mark.parametrize("value", ["mysql://u:db-bad-secret@h/x", "db.example.com", "postgresql://a\nb"])
def test_an_address_of_no_database_is_not_repeated(file: Path, value: str) -> None:
    result = loaded(file, f"[history]\nshare = {json.dumps(value)}\n")
    (problem,) = result.problems
    assert 'expected an address such as "postgresql://user@host/database"' in str(problem)
    assert value not in str(problem)
    assert result.config.history.share == ""


def _owned(monkeypatch: pytest.MonkeyPatch, **fields: int) -> None:
    """Let `fstat` tell other owners."""
    real = os.fstat

    def fstat(handle: int) -> os.stat_result:
        about = list(real(handle))
        about[4], about[5] = fields.get("uid", about[4]), fields.get("gid", about[5])
        return os.stat_result(about)

    monkeypatch.setattr(os, "fstat", fstat)


KEYLESS = "[providers.ollama]\n[ui]\nmouse = true\n"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "api_key_command = ['steal']",
        "base_url = 'https://evil.example/v1'",
        "headers = { X-Api-Key = 'sk-other-1' }",
    ],
)
@pytest.mark.parametrize("way", ["everyone", "group", "owner"])
def test_nothing_about_keys_and_commands_is_believed_that_others_may_have_written(
    file: Path, line: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(f"default_model = 'groq/x'\n[providers.openai]\n{line}\n{KEYLESS}")
    file.chmod({"everyone": 0o602, "group": 0o620, "owner": 0o600}[way])
    _owned(monkeypatch, **({"uid": os.getuid() + 1} if way == "owner" else {"gid": 65_533}))
    config, (problem,) = (result := load(file)).config, result.problems
    command = f"chown {os.getuid()}" if way == "owner" else "chmod go-w"
    assert str(problem).endswith(f"so its keys and commands are not used; run: {command} {file}")
    assert problem.severity is Severity.ERROR
    assert config.providers["openai"].blocked == str(problem)
    # what needs no key, and the address that a well-known provider has anyway, can be used
    assert config.ui.mouse
    assert (config.providers["ollama"].blocked, config.providers["groq"].blocked) == ("", "")


def test_the_user_s_own_group_and_root_are_no_others(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import grp
    import pwd

    file.write_text("[providers.openai]\napi_key = 'sk-0123456'\n")
    file.chmod(0o660)
    me = pwd.getpwuid(os.getuid())
    for members, trusted in ([], True), ([me.pw_name], True), ([me.pw_name, "eve"], False):
        group = grp.struct_group((me.pw_name, "x", os.getgid(), members))
        monkeypatch.setattr(grp, "getgrgid", lambda _gid, group=group: group)
        assert (load(file).problems == ()) is trusted
    file.chmod(0o600)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    _owned(monkeypatch, uid=0)
    assert load(file).problems == ()


@pytest.mark.parametrize(
    ("address", "more", "warned"),
    [
        ("http://192.168.0.9/v1", "", True),
        ("http://192.168.0.9/v1", "allow_insecure = true", False),
        ("http://127.0.0.1:9/v1", "", False),
        ("http://0.0.0.0:9/v1", "", True),
        ("http://box.localhost:9/v1", "", False),
        ("http://[::ffff:127.0.0.1]:9/v1", "", False),
        ("http://127.0.0.1:9/v1", "proxy = 'http://far.example:3128'", True),
        ("https://far.example/v1", "", False),
    ],
)
def test_a_key_over_plain_http_is_warned_about(file: Path, address: str, more: str, warned: bool) -> None:
    text = f"[providers.x]\nbase_url = '{address}'\n{more}\n"
    assert loaded(file, text).problems == ()
    problems = loaded(file, text + "api_key_env = 'X_KEY'\n").problems
    assert [(problem.line, problem.severity) for problem in problems] == [(2, Severity.WARNING)] * warned


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "[::ffff:0.0.0.0]"])
def test_an_address_to_listen_on_is_told_with_the_one_to_ask(file: Path, host: str) -> None:
    (said,) = told(file, f"[providers.x]\nbase_url = 'http://{host}:9/v1'\napi_key_env = 'X_KEY'\n")
    assert said.endswith("(this machine is 127.0.0.1)")


def test_a_file_without_a_key_may_be_read_by_all(file: Path) -> None:
    loaded(file, "[providers.openai]\n")
    file.chmod(0o644)
    assert load(file).problems == ()


@pytest.mark.parametrize(
    "line",
    [
        "api_key = 'sk-very-secretđ'",
        'api_key = "sk-very-secret key"',
        "api_key_file = 'sk-very-secret0123456789abcdef'",
        "api_key_env = 'sk-very-secret'",
        "api_key_command = 'sk-very-secret'",
        "base_url = 'https://sk-very-secret@x/v1'",
        "proxy = 'socks4://u:sk-very-secret@x'",
        "base_url = 'http+unix://sk-very-secret/v1'",
        "base_url = 'https://x/v1?api-key=sk-very-secret'",
        "headers = { Authorization = ['sk-very-secret'] }",
        "headers = 'sk-very-secret'",
        "oauth = { token_url = 'https://x', client_id = 'x', client_secret_env = 'sk-very-secret' }",
    ],
)
def test_no_problem_repeats_a_secret(file: Path, line: str) -> None:
    result = loaded(file, f"[providers.openai]\n{line}\n")
    assert result.problems
    assert "sk-very" not in repr(result.problems) + "".join(map(str, result.problems))


def test_a_byte_order_mark_does_no_harm(file: Path) -> None:
    assert loaded(file, "\ufeffsystem = 'x'").config.system == "x"


def test_text_that_is_not_utf_8_is_told_with_its_line(file: Path) -> None:
    file.write_bytes(b"a = 1\nb = '\xff'\n")
    assert [str(problem) for problem in load(file).problems] == ["config.toml:2: not UTF-8 text; save it as UTF-8"]


def test_a_folder_in_place_of_the_file_is_told(file: Path) -> None:
    file.mkdir()
    assert load(file).config == Config(blocked="config.toml: cannot be read: Is a directory")
    assert [str(problem) for problem in load(file).problems] == ["config.toml: cannot be read: Is a directory"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(file: Path) -> None:
    file.write_text("")
    file.chmod(0)
    assert [str(problem) for problem in load(file).problems] == ["config.toml: cannot be read: Permission denied"]


def test_endless_nesting_is_told(file: Path) -> None:
    assert told(file, "a = " + "[" * 100_000) == ["config.toml: nested too deeply"]


def test_a_problem_of_a_control_character_cannot_reach_the_terminal(file: Path) -> None:
    for said in told(file, '"a\\u001b[31m" = 1\nui.theme = 5\nui.enter = "\\u001b]0;x"\n'):
        assert "\x1b" not in said


def test_names_and_values_are_told_as_they_would_be_written() -> None:
    assert dotted(("keys", "chat.stop")) == 'keys."chat.stop"'
    assert dotted(("a", 0, "b")) == "a[0].b"
    assert describe_value("x" * 50) == '"' + "x" * 39 + '…"'
    assert describe_value("secret", redacted=True) == "a text"
    assert describe_value(5, redacted=True) == "a number"
    assert describe_value(10**30) == "1e+30"


def test_every_check_and_key_source_is_about_a_field_that_exists() -> None:
    assert all(name in file_fields(cls) for cls, name in CONSTRAINTS)
    assert set(KEY_SOURCES) <= set(file_fields(Provider))


junk = st.recursive(
    st.text(max_size=4) | st.integers() | st.booleans() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["", "a", "base_url", "models", "price", "input", "openai", "guide"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
sections = st.sampled_from([*file_fields(Config), "nope"])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(sections, junk | st.fixed_dictionaries({"openai": junk}), max_size=4))
def test_whatever_the_file_says_a_configuration_comes_out(table: dict[str, object]) -> None:
    result = build_config(Path("config.toml"), table, scan(""))
    assert isinstance(result.config, Config)
    assert all(str(problem) for problem in result.problems)


def test_the_example_holds_the_defaults_and_nothing_else() -> None:
    from holytui.config.write import example_text

    file = Path("config.toml")
    text = example_text()
    result = build_config(file, tomllib.loads(text), scan(text))
    assert result.problems == ()
    assert replace(result.config, source=None) == Config()
