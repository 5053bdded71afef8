"""Masking of provider settings that may hold secrets: parts of URLs, header values, arguments of commands.

`register_secrets` passes them to `secret.scrub`, so that they do not enter an error, the history or an export when a
server or program repeats them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, unquote

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
"""A run of letters and digits longer than in names that people choose, and not a path."""


def is_auth_name(name: str) -> bool:
    """Whether a header, option or parameter of this name probably holds a secret."""
    return _AUTH_NAME.search(name) is not None


def looks_like_key(text: str) -> bool:
    """Whether `text` is probably a key instead of a name."""
    return _RANDOM.fullmatch(text) is not None and "." not in text


def is_public_header(name: str, public: Sequence[str] = ()) -> bool:
    """Whether the value of a header may be shown: it is a known one without secrets, or listed in `public`."""
    return name.lower() in _PUBLIC_HEADERS or name.lower() in {each.lower() for each in public}


def carries_key(headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> bool:
    """Whether one of the headers or query parameters is known to carry a key."""
    return any(name.lower() in _KEY_HEADERS for name in headers) or any(map(is_auth_name, query or ()))


def headers(given: Mapping[str, str], public: Sequence[str] = ()) -> dict[str, str]:
    """Return headers with non-public values masked."""
    return {name: text if is_public_header(name, public) else MASK for name, text in given.items()}


def query(given: Mapping[str, str]) -> dict[str, str]:
    """Return query parameters with non-public values masked."""
    return {name: text if name.lower() in _PUBLIC_QUERY else MASK for name, text in given.items()}


def command(argv: Sequence[str]) -> list[str]:
    """Return a command with its arguments masked."""
    return [*argv[:1], *(MASK for _each in argv[1:])]


def url(text: str) -> str:
    """Return a URL or path with user, password and the values of its query masked."""
    text, _hash, fragment = text.partition("#")
    address, mark, query = text.partition("?")
    scheme, slashes, rest = address.partition("://")
    if slashes:
        place, slash, path = rest.partition("/")
        before, at, host = place.rpartition("@")
        address = f"{scheme}://{MASK if before else ''}{at}{host}{slash}{path}"
    shown = "&".join(_parameter(each) for each in query.split("&")) if query else ""
    return f"{address}{mark}{shown}" + (f"#{MASK}" if fragment else "")


_KEYWORD = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")
_SECRET_KEYWORDS = frozenset({"password", "sslpassword", "passfile", "oauth_client_secret"})


def database(text: str) -> str:
    """Return the address of a database, a URL or `name=value …`, with its passwords masked."""
    for secret in sorted(_secrets_of_database(text), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def register_database_secrets(text: str) -> None:
    """Register the passwords in the address of a database."""
    for each in _secrets_of_database(text):
        Secret(each)


def holds_database_secret(text: str) -> bool:
    """Whether the address of a database contains a password."""
    return any(_secrets_of_database(text))


def _secrets_of_database(text: str) -> Iterator[str]:
    if "://" not in text:
        found = (match for match in _KEYWORD.finditer(text) if match[1].lower() in _SECRET_KEYWORDS)
        yield from (match[2].strip("'") for match in found)
        return
    address, _mark, query = text.partition("?")
    # a password may contain a slash or a question mark that should have been quoted
    users = {part.partition("://")[2].rpartition("@")[0] for part in (address, text)}
    values = [user.partition(":")[2] for user in sorted(users)]
    values += [
        each.partition("=")[2] for each in query.split("&") if each.partition("=")[0].lower() in _SECRET_KEYWORDS
    ]
    for value in filter(None, values):
        yield value
        if unquote(value) != value:
            yield unquote(value)


def plain_url(text: str) -> str:
    """Return `url` for a message: on one line, without user and password."""
    return sanitize_line(url(text).replace(f"//{MASK}@", "//"))


def _parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    if not equals:
        return MASK if name else ""
    return f"{name}={value if name.lower() in _PUBLIC_QUERY else MASK}"


def holds_secret(provider: Provider) -> bool:
    """Whether the provider's settings contain a key or a value that is probably a secret."""
    named = any(is_auth_name(name) and not is_public_header(name, provider.public_headers) for name in provider.headers)
    named = named or any(map(is_auth_name, provider.query))
    oauth = provider.oauth
    commands = (provider.api_key_command, oauth.refresh_token_command if oauth is not None else ())
    urls = (provider.base_url, provider.proxy, provider.chat_path, oauth.token_url if oauth is not None else "")
    found = [text for argv in commands for text in _secrets_of_command(argv, by_name=True)]
    found += [text for address in urls for text in _secrets_of_url(address, by_name=True)]
    return bool(provider.api_key) or named or any(found)


def register_secrets(provider: Provider) -> None:
    """Register the provider's secrets for `secret.scrub`."""
    for text in _secrets(provider):
        Secret(text)


def register_url_secrets(text: str) -> None:
    """Register the secrets of one URL, such as that of a proxy."""
    for each in _secrets_of_url(text):
        Secret(each)


def _secrets(provider: Provider) -> Iterator[str]:
    yield provider.api_key
    for name, value in provider.headers.items():
        if not is_public_header(name, provider.public_headers):
            yield value
            yield value.rpartition(" ")[2]  # behind "Bearer"
    for name, value in provider.query.items():
        if is_auth_name(name) or name.lower() not in _PUBLIC_QUERY:
            yield value
            yield quote(value, safe="")
    yield from _secrets_of_command(provider.api_key_command)
    for address in (provider.base_url, provider.proxy, provider.chat_path):
        yield from _secrets_of_url(address)
    if provider.oauth is not None:
        yield from _secrets_of_command(provider.oauth.refresh_token_command)
        yield from _secrets_of_url(provider.oauth.token_url)


def _secrets_of_url(text: str, *, by_name: bool = False) -> Iterator[str]:
    """Yield a URL's password and query values; with `by_name`, only values named like secrets."""
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
    """Yield arguments that look like secrets; with `by_name`, only those named like secrets.

    Not all arguments: masking the entry name of a password store everywhere would make errors unreadable.
    """
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
