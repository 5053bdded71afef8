"""What a value must be beyond its type: one table, asked by the reader for each field."""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from holytui.config.redact import looks_like_key
from holytui.config.schema import Config, Model, OAuth, Price, Provider, Stream, Ui
from holytui.i18n import N_, _
from holytui.logs import LEVELS
from holytui.models import RESERVED_PARAMS

DAY = 86_400.0
_PROXIES = ("http", "https", "socks5", "socks5h")
_KEY_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})


@dataclass(frozen=True, slots=True)
class Check:
    """`expected` is a message id, filled in from `values`. Fields that are tables of plain values are asked about
    each of their items, as (name, value). `advice` may have a sentence of its own for some wrong values."""

    expected: str
    holds: Callable[[object], bool]
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    advice: Callable[[object], str] = lambda _value: ""

    def told(self) -> str:
        """`expected` in the user's language."""
        return _(self.expected).format(**self.values)


def _whole(low: int, high: int | None = None) -> Check:
    values = MappingProxyType({"low": low, "high": high})
    if high is None:
        return Check(N_("a whole number of {low} or more"), lambda v: isinstance(v, int) and v >= low, values)
    text = N_("a whole number from {low} to {high}")
    return Check(text, lambda v: isinstance(v, int) and low <= v <= high, values)


def _seconds(*, zero: bool) -> Check:
    """A number of seconds up to a day; longer ones overflow the timers of some systems."""
    text = N_("a number of seconds from 0 to 86400") if zero else N_("a number of seconds above 0, at most 86400")
    return Check(text, lambda v: isinstance(v, int | float) and (v >= 0 if zero else v > 0) and v <= DAY)


def _one_of(*names: str) -> Check:
    listed = MappingProxyType({"names": ", ".join(f'"{name}"' for name in names)})
    return Check(N_("one of {names}"), lambda v: v in names, listed)


def _text(pattern: str, expected: str) -> Check:
    whole = re.compile(pattern)
    return Check(expected, lambda v: isinstance(v, str) and whole.fullmatch(v) is not None)


def host_of(url: object, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """The host of a web address; None if `url` is none."""
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f\x7f]", url):
        return None
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return parts.hostname if parts.scheme in schemes and port_is_one else None


def is_loopback(host: str) -> bool:
    """`host` is this machine, by its name or address alone: nothing is looked up. The one place where this is decided.

    Not `0.0.0.0` and `::`, which stand for every address of a machine: what a connection to them reaches is up to the
    system.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def is_unspecified(url: str) -> bool:
    """The host of `url` is `0.0.0.0` or the like: right for a server to listen on, not for a client to ask."""
    address = _address(host_of(url) or "")
    return address is not None and address.is_unspecified


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def in_clear(url: str, proxy: str = "") -> bool:
    """What is sent to `url` can be read on the way: plain http, and not straight to this machine."""
    host = host_of(url, ("http",))
    return host is not None and not (is_loopback(host) and not proxy)


def is_secure(url: str) -> bool:
    """What is sent to `url` cannot be read on the way: https, or this machine."""
    return host_of(url) is not None and not in_clear(url)


def carries_key(headers: Mapping[str, str]) -> bool:
    """Some header is one of those that carry keys."""
    return any(name.lower() in _KEY_HEADERS for name in headers)


def _is_base_url(value: object) -> bool:
    if not isinstance(value, str) or host_of(value) is None:
        return False
    parts = urlsplit(value)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    return plain and not parts.path.rstrip("/").endswith("/chat/completions")


def _advice_on_address(value: object) -> str:
    """A sentence for addresses that people have and that cannot be a base_url; it repeats nothing of them."""
    if not isinstance(value, str):
        return ""
    if re.match(r"(http\+)?unix:|/", value):
        return _("Unix sockets are not supported; let the server listen on a port, such as http://127.0.0.1:8080/v1")
    if host_of(value) is not None and urlsplit(value).query:
        text = _("a query belongs in chat_path, such as {example}")
        return text.format(example='chat_path = "/chat/completions?api-version=…"')
    return ""


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _is_header(item: object) -> bool:
    match item:
        case (str(name), str(text)):
            return bool(re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) and re.fullmatch(r"[\x20-\x7e]*", text))
    return False


_VARIABLE = _text(r"[A-Za-z_][A-Za-z0-9_]*|", N_("the name of an environment variable (not the key itself)"))
_SOME = Check(N_("a text that is not empty"), lambda v: isinstance(v, str) and bool(v.strip()))
_COMMAND = Check(
    N_('a command as a list of texts, such as ["pass", "show", "name"]'),
    lambda v: isinstance(v, tuple) and (not v or bool(v[0])),
)
_PRICE = Check(
    N_("a price per million tokens, 0 or more"),
    lambda v: v is None or (isinstance(v, int | float) and v >= 0 and math.isfinite(v)),
)
_TOKEN = Check(N_("printable ASCII without spaces"), lambda v: isinstance(v, str) and bool(re.fullmatch("[!-~]*", v)))

CHECKS: Mapping[tuple[type, str], Check] = MappingProxyType(
    {
        (Config, "log_level"): _one_of(*LEVELS),
        (Stream, "max_retries"): _whole(0),
        (Stream, "max_attempts"): _whole(1),
        (Stream, "retry_delay"): _seconds(zero=True),
        (Stream, "max_delay"): _seconds(zero=True),
        (Stream, "max_retry_after"): _seconds(zero=True),
        (Stream, "connect_timeout"): _seconds(zero=False),
        (Stream, "idle_timeout"): _seconds(zero=False),
        (Stream, "first_token_timeout"): _seconds(zero=False),
        (Stream, "token_timeout"): _seconds(zero=False),
        (Stream, "offline_limit"): _seconds(zero=True),
        (Stream, "max_answer_bytes"): _whole(1_000),
        (Stream, "finish_after_hangup"): _seconds(zero=True),
        (Ui, "text_width"): _whole(0),
        (Ui, "language"): _one_of("", "en", "vi"),
        (Ui, "enter"): _one_of("send", "newline"),
        (Ui, "resume_on_start"): _one_of("ask", "always", "never"),
        (Ui, "notify"): _one_of("off", "bell", "osc9"),
        (Config, "default_model"): _text(r"(?s)[^/\s]+/.*\S", N_('a provider and a model, such as "holysheep/gpt-4"')),
        (Provider, "base_url"): Check(
            N_("an address such as https://host/v1, without user, query or /chat/completions"),
            _is_base_url,
            advice=_advice_on_address,
        ),
        (Provider, "api_key_env"): _VARIABLE,
        (Provider, "api_key_command"): _COMMAND,
        (Provider, "api_key_file"): Check(
            N_("the name of a file (not the key itself)"), lambda v: isinstance(v, str) and not looks_like_key(v)
        ),
        (Provider, "api_key"): _TOKEN,
        (Provider, "proxy"): Check(
            N_("an address such as http://proxy:3128 or socks5h://proxy:1080"),
            lambda v: v == "" or host_of(v, _PROXIES) is not None,
        ),
        (Provider, "headers"): Check(
            N_("a name and a text that an HTTP header may have (printable ASCII)"), _is_header
        ),
        (Provider, "chat_path"): _text(r"/?[!-~]+", N_("a path such as /chat/completions")),
        (OAuth, "token_url"): Check(
            N_("an https address, or one of this machine"), lambda v: isinstance(v, str) and is_secure(v)
        ),
        (OAuth, "client_id"): _SOME,
        (OAuth, "client_secret_env"): _VARIABLE,
        (OAuth, "refresh_token_command"): _COMMAND,
        (Model, "context"): _whole(1),
        (Model, "params"): Check(
            N_("a parameter other than {names} (holytui sets those), with a value that JSON knows"),
            lambda v: isinstance(v, tuple) and v[0] not in RESERVED_PARAMS and _is_json(v[1]),
            MappingProxyType({"names": ", ".join(RESERVED_PARAMS)}),
        ),
        (Price, "input"): _PRICE,
        (Price, "output"): _PRICE,
        (Price, "cached"): _PRICE,
    }
)

_QUIET = frozenset(
    {"api_key", "api_key_env", "api_key_command", "client_secret_env", "headers", "proxy"}
    | {"refresh_token_command", "api_key_file"}
)
_ADDRESSES = frozenset({"base_url", "token_url", "chat_path"})


def is_quiet(path: tuple[str | int, ...], value: object) -> bool:
    """The value is not to be repeated in a problem: people put keys and passwords there, also by mistake."""
    if not _QUIET.isdisjoint(path):
        return True
    return path[-1] in _ADDRESSES and isinstance(value, str) and any(sign in value for sign in "@?")
