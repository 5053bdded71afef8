"""Additions to faults from the endpoint's address: its proxy, and the base_url that was probably meant."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit, urlunsplit

from holytui.faults import UNIX_SOCKET, Fault, FaultKind
from holytui.text import sanitize_line
from holytui.wire.request import Endpoint
from holytui.wire.transport.addresses import is_local_network, proxy_name

_CONNECT_FAULTS = (FaultKind.DNS, FaultKind.REFUSED, FaultKind.UNREACHABLE, FaultKind.CONNECT_TIMEOUT)
"""Faults of opening a connection; with a proxy, they concern the proxy's host."""
_MODELS_PATH = "/models"
_VERSION = re.compile(r"/v\d")


def add_advice(fault: Fault, endpoint: Endpoint) -> Fault:
    """Return `fault` with `proxy` and `better_url` set where the endpoint's address determines them."""
    match fault.kind:
        case FaultKind.WANTS_TLS if not endpoint.base_url.lower().startswith("http:"):
            return replace(fault, kind=FaultKind.GARBLED)  # TLS is in use, so this is not the cause
        case FaultKind.PROXY:
            return replace(fault, proxy=proxy_name(endpoint))
        case kind if kind in _CONNECT_FAULTS:
            if endpoint.unix is not None:
                return replace(fault, code=fault.code or UNIX_SOCKET)
            return replace(fault, proxy=proxy_name(endpoint))
        case FaultKind.NO_TLS | FaultKind.WANTS_TLS | FaultKind.STATUS | FaultKind.NOT_A_STREAM:
            return replace(fault, better_url=_suggest_url(fault, endpoint))
    return fault


def _suggest_url(fault: Fault, endpoint: Endpoint) -> str:
    try:
        parts = urlsplit(endpoint.base_url)
        host, path = parts.hostname or "", parts.path.rstrip("/")
    except ValueError:
        return ""
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    match fault.kind:
        case FaultKind.WANTS_TLS:
            return _url(plain._replace(scheme="https"))
        case FaultKind.NO_TLS:
            # Only on the local network: elsewhere an attacker may answer in clear text to get unencrypted questions.
            return _url(plain._replace(scheme="http")) if is_local_network(host) else ""
    if fault.status is not None and 300 <= fault.status < 400:
        return _redirect_base(fault.better_url, host, endpoint)
    is_missing = fault.status in (404, 405) and "model" not in f"{fault.code} {fault.message}".lower()
    if not path and (is_missing or fault.kind is FaultKind.NOT_A_STREAM):
        return _url(plain._replace(path="/v1"))
    if is_missing and not _VERSION.search(path):
        return _url(plain._replace(path=f"{path}/v1"))
    return ""


def _redirect_base(address: str, host: str, endpoint: Endpoint) -> str:
    """Return the base_url of a redirect's target; empty for another host, which must not get the key."""
    try:
        parts = urlsplit(address)
        same = parts.hostname == host and parts.scheme in ("https", urlsplit(endpoint.base_url).scheme)
    except ValueError:
        return ""
    for end in (endpoint.path.partition("?")[0], _MODELS_PATH):
        if same and parts.path.endswith(end):
            base = _url(parts._replace(path=parts.path.removesuffix(end), query="", fragment=""))
            return "" if base == endpoint.base_url.rstrip("/") else base
    return ""


def _url(parts: SplitResult) -> str:
    return sanitize_line(urlunsplit(parts))
