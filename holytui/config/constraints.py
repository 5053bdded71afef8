"""Constraints on configuration values beyond their types: one table, applied by the reader to each field."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from holytui.config.redact import looks_like_key
from holytui.config.schema import Config, Limits, Model, OAuth, Price, Provider, Sharing, Stream, Sync, Ui
from holytui.config.urls import NO_PROXY, host_of, is_secure, unix_address
from holytui.i18n import N_, _
from holytui.logs import LEVELS
from holytui.models import RESERVED_PARAMS

DAY = 86_400.0
_PROXIES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Constraint:
    """Constraint on one field, or on each item of a table of plain values, as (name, value).

    `expected` is a message id, formatted with `values`. `advice` returns a more helpful message for some values, or an
    empty string.
    """

    expected: str
    accepts: Callable[[object], bool]
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    advice: Callable[[object], str] = lambda _value: ""
    choices: tuple[str, ...] = ()
    """All accepted values, if they are few."""

    def describe(self) -> str:
        """Return `expected` in the user's language."""
        return _(self.expected).format(**self.values)


def _integer(low: int, high: int | None = None) -> Constraint:
    values = MappingProxyType({"low": low, "high": high})
    if high is None:
        return Constraint(N_("a whole number of {low} or more"), lambda v: isinstance(v, int) and v >= low, values)
    text = N_("a whole number from {low} to {high}")
    return Constraint(text, lambda v: isinstance(v, int) and low <= v <= high, values)


def _seconds(*, zero: bool, optional: bool = False) -> Constraint:
    """Number of seconds up to a day; longer ones overflow the timers of some systems."""
    text = N_("a number of seconds from 0 to 86400") if zero else N_("a number of seconds above 0, at most 86400")
    return Constraint(
        text,
        lambda v: (optional and v is None) or (isinstance(v, int | float) and (v >= 0 if zero else v > 0) and v <= DAY),
    )


def _one_of(*names: str) -> Constraint:
    listed = MappingProxyType({"names": ", ".join(f'"{name}"' for name in names)})
    return Constraint(N_("one of {names}"), lambda v: v in names, listed, choices=names)


def _pattern(pattern: str, expected: str) -> Constraint:
    whole = re.compile(pattern)
    return Constraint(expected, lambda v: isinstance(v, str) and whole.fullmatch(v) is not None)


def _is_base_url(value: object) -> bool:
    if (unix := unix_address(value)) is not None:
        value = unix.http_url
    if not isinstance(value, str) or host_of(value) is None:
        return False
    parts = urlsplit(value)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    return plain and not parts.path.rstrip("/").endswith(("/chat/completions", "/responses"))


def _url_advice(value: object) -> str:
    """Return advice for common addresses that cannot be a base_url. Never repeats the value, as it may be secret."""
    if not isinstance(value, str):
        return ""
    if re.match(r"(http\+)?unix:|/", value):
        text = _("a Unix socket is written with its absolute path of at most 103 bytes, such as {example}")
        return text.format(example='base_url = "http+unix:///run/llm.sock"')
    if host_of(value) is not None and urlsplit(value).query:
        text = _("a query belongs in the setting query, such as {example}")
        return text.format(example='query = { "api-version" = "…" }')
    return ""


def _is_database(value: object) -> bool:
    if not isinstance(value, str) or not value.isprintable():
        return False
    if "://" in value:
        return value.startswith(("postgresql://", "postgres://"))
    return not value or re.match(r"\w+\s*=", value) is not None


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _is_params(value: object) -> bool:
    return isinstance(value, dict) and value.keys().isdisjoint(RESERVED_PARAMS) and _is_json(value)


def _is_query(item: object) -> bool:
    match item:
        case (str(name), str(text)):
            return bool(name) and text.isprintable() and name.isprintable()
    return False


def _is_header(item: object) -> bool:
    match item:
        case (str(name), str(text)):
            return bool(re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) and re.fullmatch(r"[\x20-\x7e]*", text))
    return False


_VARIABLE = _pattern(r"[A-Za-z_][A-Za-z0-9_]*|", N_("the name of an environment variable (not the key itself)"))
_NONEMPTY = Constraint(N_("a text that is not empty"), lambda v: isinstance(v, str) and bool(v.strip()))
_COMMAND = Constraint(
    N_('a command as a list of texts, such as ["pass", "show", "name"]'),
    lambda v: isinstance(v, tuple) and (not v or bool(v[0])),
)
_PRICE = Constraint(
    N_("a price per million tokens, 0 or more"),
    lambda v: v is None or (isinstance(v, int | float) and v >= 0 and math.isfinite(v)),
)
_AMOUNT = Constraint(N_("an amount of 0 or more"), lambda v: isinstance(v, int | float) and v >= 0 and math.isfinite(v))
_LEVELS = ("off", "low", "medium", "high")
_TOKEN = Constraint(
    N_("printable ASCII without spaces"), lambda v: isinstance(v, str) and bool(re.fullmatch("[!-~]*", v))
)


def _is_target(item: object) -> bool:
    if not isinstance(item, tuple) or not re.fullmatch(r"[^\s/]+", item[0]) or not isinstance(item[1], str):
        return False
    return bool(re.match(r"ssh://[^/\s]", item[1])) or ("/" in item[1] and "://" not in item[1])


CONSTRAINTS: Mapping[tuple[type, str], Constraint] = MappingProxyType(
    {
        (Config, "log_level"): _one_of(*LEVELS),
        (Stream, "max_retries"): _integer(0),
        (Stream, "max_attempts"): _integer(1),
        (Stream, "retry_delay"): _seconds(zero=True),
        (Stream, "max_delay"): _seconds(zero=True),
        (Stream, "max_retry_after"): _seconds(zero=True),
        (Stream, "connect_timeout"): _seconds(zero=False),
        (Stream, "idle_timeout"): _seconds(zero=False),
        (Stream, "first_token_timeout"): _seconds(zero=False),
        (Stream, "token_timeout"): _seconds(zero=False),
        (Stream, "offline_limit"): _seconds(zero=True),
        (Stream, "max_answer_bytes"): _integer(1_000),
        (Stream, "finish_after_hangup"): _seconds(zero=True),
        (Sync, "targets"): Constraint(
            N_("a name without spaces and slashes, with ssh://USER@HOST:PORT/PATH or the path of a folder"), _is_target
        ),
        (Sync, "every"): _integer(0, 1440),
        (Limits, "per_day"): _AMOUNT,
        (Limits, "per_conversation"): _AMOUNT,
        (Limits, "per_answer_tokens"): _integer(0),
        (Ui, "text_width"): _integer(0),
        (Ui, "language"): _one_of("", "en", "vi"),
        (Ui, "enter"): _one_of("send", "newline"),
        (Ui, "editing"): _one_of("plain", "vim"),
        (Ui, "resume_on_start"): _one_of("ask", "always", "never"),
        (Ui, "notify"): _one_of("off", "bell", "osc9"),
        (Sharing, "share"): Constraint(
            N_('an address such as "postgresql://user@host/database" or "service=name"'), _is_database
        ),
        (Sharing, "share_password_command"): _COMMAND,
        (Sharing, "share_tls"): _one_of("", "verify-full", "verify-ca", "require", "disable"),
        (Config, "default_model"): _pattern(
            r"(?s)[^/\s]+/.*\S", N_('a provider and a model, such as "holysheep/gpt-4o"')
        ),
        (Provider, "base_url"): Constraint(
            N_("an address such as https://host/v1, without user, query, /chat/completions or /responses"),
            _is_base_url,
            advice=_url_advice,
        ),
        (Provider, "api_key_env"): _VARIABLE,
        (Provider, "api_key_command"): _COMMAND,
        (Provider, "api_key_file"): Constraint(
            N_("the name of a file (not the key itself)"), lambda v: isinstance(v, str) and not looks_like_key(v)
        ),
        (Provider, "api_key_keyring"): Constraint(
            N_("the name of an entry (not the key itself)"), lambda v: isinstance(v, str) and not looks_like_key(v)
        ),
        (Provider, "api_key"): _TOKEN,
        (Provider, "proxy"): Constraint(
            N_('an address such as http://proxy:3128 or socks5h://proxy:1080, or "none"'),
            lambda v: v in ("", NO_PROXY) or host_of(v, _PROXIES) is not None,
        ),
        (Provider, "headers"): Constraint(N_("a valid HTTP header name and value (printable ASCII)"), _is_header),
        (Provider, "query"): Constraint(N_("a name and a text of printable characters"), _is_query),
        (Provider, "connect_timeout"): _seconds(zero=False, optional=True),
        (Provider, "idle_timeout"): _seconds(zero=False, optional=True),
        (Provider, "first_token_timeout"): _seconds(zero=False, optional=True),
        (Provider, "token_timeout"): _seconds(zero=False, optional=True),
        (Provider, "effort_params"): Constraint(
            N_("a level ({levels}) with a table of parameters other than {names}"),
            lambda v: isinstance(v, tuple) and v[0] in _LEVELS and _is_params(v[1]),
            MappingProxyType({"levels": ", ".join(_LEVELS), "names": ", ".join(RESERVED_PARAMS)}),
        ),
        (Provider, "chat_path"): _pattern(r"/?[!-~]+", N_("a path such as /chat/completions")),
        (OAuth, "token_url"): Constraint(
            N_("an https address, or one of this machine"), lambda v: isinstance(v, str) and is_secure(v)
        ),
        (OAuth, "client_id"): _NONEMPTY,
        (OAuth, "client_secret_env"): _VARIABLE,
        (OAuth, "refresh_token_command"): _COMMAND,
        (Model, "context"): _integer(1),
        (Model, "params"): Constraint(
            N_("a parameter other than {names} (holytui sets those), with a value that JSON can hold"),
            lambda v: isinstance(v, tuple) and v[0] not in RESERVED_PARAMS and _is_json(v[1]),
            MappingProxyType({"names": ", ".join(RESERVED_PARAMS)}),
        ),
        (Price, "input"): _PRICE,
        (Price, "output"): _PRICE,
        (Price, "cached"): _PRICE,
    }
)

_SENSITIVE_FIELDS = frozenset(
    {"api_key", "api_key_env", "api_key_command", "client_secret_env", "headers", "proxy", "query"}
    | {"refresh_token_command", "api_key_file", "api_key_keyring", "share", "share_password_command"}
)
_URL_FIELDS = frozenset({"base_url", "token_url", "chat_path"})


def is_sensitive(path: tuple[str | int, ...], value: object) -> bool:
    """Whether a problem must not repeat the value, as fields like this often hold keys and passwords."""
    if not _SENSITIVE_FIELDS.isdisjoint(path):
        return True
    return path[-1] in _URL_FIELDS and isinstance(value, str) and any(sign in value for sign in "@?")
