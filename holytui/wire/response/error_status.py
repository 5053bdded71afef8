"""Error responses (other than 2xx) parsed into a `Fault`, with the wait that they ask for."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.wire.response.error_bodies import MAX_WAIT, body_fault, clean

MAX_BODY = 64 * 1024
"""Bytes of an error body that are read."""

_WANTS_TLS = re.compile(r"plain HTTP (request was sent )?to (an )?(HTTPS|SSL)|HTTP request to an HTTPS", re.IGNORECASE)
"""Messages of nginx, Apache and Go servers for plain HTTP on a TLS port."""
_OPTIONS_REFUSED = ("stream_options", "include_usage", "include_obfuscation", "extra inputs", "extra_forbidden")


def status_fault(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """Return the fault of a status other than 2xx. Lookups in `headers` must ignore case."""
    if 300 <= status < 400:
        message, address = _redirect(headers.get("location", ""))
        return Fault(FaultKind.STATUS, message, status, better_url=address)
    fault = body_fault(body, FaultKind.STATUS, status)
    if status == 407:
        return replace(fault, kind=FaultKind.PROXY)
    if status == 400 and _WANTS_TLS.search(fault.message):
        return Fault(FaultKind.WANTS_TLS, status=status)
    wait = retry_after(headers)
    return replace(
        fault,
        retry_after=fault.retry_after if wait is None else wait,
        should_retry={"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower()),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait from `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, MAX_WAIT)
    then = _date(headers.get("retry-after", ""))
    if then is None:
        return None
    # Relative to the server's own `Date`, if sent: the local clock may be wrong.
    now = _date(headers.get("date", ""))
    return min(max(0.0, then - (time.time() if now is None else now)), MAX_WAIT)


def refuses_stream_options(status: int, body: bytes) -> bool:
    """Whether the server rejects `stream_options` or one of them.

    Observed: Mistral and FastAPI 422; Azure with data sources, Fireworks, Databricks and older vLLM 400.
    """
    text = body.decode(errors="replace").lower()
    return status in (400, 422) and any(name in text for name in _OPTIONS_REFUSED)


def refuses_fields(status: int, body: bytes, names: Collection[str]) -> bool:
    """Whether the server rejects one of these fields of the request, by name or as unknown fields in general."""
    if status not in (400, 404, 422):
        return False
    text = body.decode(errors="replace").lower()
    return any(re.search(rf"(?<![a-z_]){re.escape(name)}(?![a-z_])", text) for name in names)


def _redirect(location: str) -> tuple[str, str]:
    """Return a description of a redirect, and its URL without user, query and fragment.

    Redirects are never followed, since the key is for the configured host only.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return _("redirects elsewhere"), ""
    if not host:
        return _("redirects elsewhere"), ""
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return _("redirects to {host}").format(host=clean(host, 100)), clean(address)


def _date(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
