"""What of a provider may be shown: the rest of its addresses, headers and commands may hold secrets, as nobody but the
user knows what stands there. `register_secrets` makes them known to `secret.scrub`, so that no server or program that repeats
them brings them into an error, the history or an export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

from holytui.config.schema import Provider
from holytui.secret import Secret
from holytui.text import sanitize_line

MASK = "•••"
_AUTH_NAME = re.compile(r"auth|key|token|secret|cookie|passw|passphrase|credential|signature|\bsig\b", re.IGNORECASE)
_PUBLIC_HEADERS = frozenset(
    {"accept", "accept-encoding", "accept-language", "cache-control", "content-type", "user-agent"}
    | {"http-referer", "referer", "x-title", "openai-beta", "anthropic-version", "anthropic-beta"}
)
_KEY_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})
_PUBLIC_QUERY = frozenset({"api-version", "version", "alt", "model"})
_OPTION = re.compile(r"(--?[\w-]+)(?:=(.*))?", re.DOTALL)
_WORD = re.compile(r"[^\s\"'`;|&<>(){}$]+")
_RANDOM = re.compile(r"[\w.+=~-]*?(?=[a-zA-Z]*\d)(?=\d*[a-zA-Z])[A-Za-z0-9]{16,}[\w.+=~-]*")
"""More letters and digits in a row than in a name that a person gives, and no path."""


def is_auth_name(name: str) -> bool:
    """A header, option or parameter of this name carries a secret, most likely."""
    return _AUTH_NAME.search(name) is not None


def looks_like_key(text: str) -> bool:
    """A key stands where a name is wanted, most likely."""
    return _RANDOM.fullmatch(text) is not None and "." not in text


def is_public_header(name: str, public: Sequence[str] = ()) -> bool:
    """The value of a header may be shown: it is known to hold no secret, or the user says so."""
    return name.lower() in _PUBLIC_HEADERS or name.lower() in {each.lower() for each in public}


def carries_key(headers: Mapping[str, str]) -> bool:
    """Some header is one of those that carry keys."""
    return any(name.lower() in _KEY_HEADERS for name in headers)


def headers(given: Mapping[str, str], public: Sequence[str] = ()) -> dict[str, str]:
    """Headers as they may be shown."""
    return {name: text if is_public_header(name, public) else MASK for name, text in given.items()}


def command(argv: Sequence[str]) -> list[str]:
    """A command as it may be shown: the program alone."""
    return [*argv[:1], *(MASK for _each in argv[1:])]


def url(text: str) -> str:
    """An address or path as it may be shown: without user, password and the values of its query."""
    text, _hash, fragment = text.partition("#")
    address, mark, query = text.partition("?")
    scheme, slashes, rest = address.partition("://")
    if slashes:
        place, slash, path = rest.partition("/")
        before, at, host = place.rpartition("@")
        address = f"{scheme}://{MASK if before else ''}{at}{host}{slash}{path}"
    shown = "&".join(_parameter(each) for each in query.split("&")) if query else ""
    return f"{address}{mark}{shown}" + (f"#{MASK}" if fragment else "")


def plain_url(text: str) -> str:
    """`url` for a sentence: on one line, and without a trace of user and password."""
    return sanitize_line(url(text).replace(f"//{MASK}@", "//"))


def _parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    if not equals:
        return MASK if name else ""
    return f"{name}={value if name.lower() in _PUBLIC_QUERY else MASK}"


def holds_secret(provider: Provider) -> bool:
    """The provider's part of the file has a key, or something like one, in it."""
    named = any(is_auth_name(name) and not is_public_header(name, provider.public_headers) for name in provider.headers)
    oauth = provider.oauth
    commands = (provider.api_key_command, oauth.refresh_token_command if oauth is not None else ())
    urls = (provider.base_url, provider.proxy, provider.chat_path, oauth.token_url if oauth is not None else "")
    found = [text for argv in commands for text in _secrets_of_command(argv, by_name=True)]
    found += [text for address in urls for text in _secrets_of_url(address, by_name=True)]
    return bool(provider.api_key) or named or any(found)


def register_secrets(provider: Provider) -> None:
    """Let `secret.scrub` know what must not come back in any message."""
    for text in _secrets(provider):
        Secret(text)


def register_url_secrets(text: str) -> None:
    """Likewise for one address, such as that of a proxy."""
    for each in _secrets_of_url(text):
        Secret(each)


def _secrets(provider: Provider) -> Iterator[str]:
    yield provider.api_key
    for name, value in provider.headers.items():
        if not is_public_header(name, provider.public_headers):
            yield value
            yield value.rpartition(" ")[2]  # behind "Bearer"
    yield from _secrets_of_command(provider.api_key_command)
    for address in (provider.base_url, provider.proxy, provider.chat_path):
        yield from _secrets_of_url(address)
    if provider.oauth is not None:
        yield from _secrets_of_command(provider.oauth.refresh_token_command)
        yield from _secrets_of_url(provider.oauth.token_url)


def _secrets_of_url(text: str, *, by_name: bool = False) -> Iterator[str]:
    """Of an address the password, and what its query holds; `by_name`: only where that has the name of a secret."""
    address, _mark, query = text.partition("#")[0].partition("?")
    userinfo = address.partition("://")[2].partition("/")[0].rpartition("@")[0]
    values = [userinfo.partition(":")[2]]
    for each in query.split("&"):
        name, equals, value = each.partition("=")
        if is_auth_name(name) or not (by_name or name.lower() in _PUBLIC_QUERY):
            values.append(value if equals else name)
    for value in values:
        yield value
        yield unquote(value)


def _secrets_of_command(argv: Sequence[str], *, by_name: bool = False) -> Iterator[str]:
    """What of the arguments looks like a secret; `by_name`: by its name. Not all of them: masking the name of an entry
    in a password store wherever it stands would make errors unreadable."""
    follows = False
    for argument in argv[1:]:
        whole = _OPTION.fullmatch(argument)
        if follows and not whole:
            yield argument
        follows = whole is not None and whole[2] is None and is_auth_name(whole[1])
        for word in [argument] if whole else _WORD.findall(argument):
            name, equals, value = word.partition("=")
            if "://" in word:
                yield from _secrets_of_url(word, by_name=by_name)
            elif equals and is_auth_name(name):
                yield value
            elif not by_name and _RANDOM.fullmatch(word):
                yield word
