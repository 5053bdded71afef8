"""The certificate of a server with which a TLS connection was made."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The certificate that a server presented, and the protocol that both sides agreed on."""

    protocol: str
    """Such as `TLSv1.3`."""
    issuer: str
    """Organisation or name of the issuer; from outside, so it is sanitised where it is shown."""
    expires: float | None
    """Unix time; None if unknown."""


def peer_certificate(stream: Any) -> PeerCertificate | None:
    """Return the certificate of an httpcore network stream; None without TLS."""
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    if connection is None:
        return None
    found = connection.getpeercert() or {}
    issuer = {name: value for part in found.get("issuer", ()) for name, value in part}
    expires = ssl.cert_time_to_seconds(found["notAfter"]) if "notAfter" in found else None
    name = issuer.get("organizationName") or issuer.get("commonName") or ""
    return PeerCertificate(connection.version() or "", name, expires)
