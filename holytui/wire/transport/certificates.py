"""TLS contexts from files of certificates and keys."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from holytui.faults import Fault, FaultKind
from holytui.i18n import _
from holytui.text import sanitize_line


class CannotSend(Exception):
    """A request cannot be sent to this endpoint; `fault` has the reason."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Files of one endpoint; each may be empty."""

    ca_file: str = ""
    """Authorities to trust; empty: those of the environment or of certifi."""
    client_cert: str = ""
    client_key: str = ""
    """Empty: the key is in `client_cert`."""


def tls_context(files: CertificateFiles) -> ssl.SSLContext:
    """Return a context for connections to a server. Raises CannotSend, with the setting and the cause."""
    import httpx

    try:
        context = ssl.create_default_context(cafile=files.ca_file) if files.ca_file else httpx.create_ssl_context()
    except OSError as exc:
        raise CannotSend(_authorities_fault(files.ca_file, exc)) from exc
    if files.client_cert:
        try:
            # Without a password function OpenSSL would ask at the terminal, in the middle of the screen.
            context.load_cert_chain(files.client_cert, files.client_key or None, password=lambda: "")
        except OSError as exc:
            raise CannotSend(_client_fault(files, exc)) from exc
    return context


def _authorities_fault(ca_file: str, exc: OSError) -> Fault:
    name = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), "")
    file = ca_file or os.environ.get(name, "?")
    return _fault(file, "ca_file" if ca_file else name, _reason(exc) or _("it has no certificate in PEM"))


def _client_fault(files: CertificateFiles, exc: OSError) -> Fault:
    """Name the first of the two files that cannot be used; OpenSSL does not say which one it is."""
    key = files.client_key or files.client_cert
    for file, setting in (
        (files.client_cert, "client_cert"),
        (key, "client_key" if files.client_key else "client_cert"),
    ):
        try:
            Path(file).read_bytes()
        except OSError as unread:
            return _fault(file, setting, _reason(unread))
    setting = "client_key" if files.client_key else "client_cert"
    match getattr(exc, "reason", "") or "":
        case "KEY_VALUES_MISMATCH" | "KEY_TYPE_MISMATCH":
            return _fault(key, setting, _("the private key does not belong to the certificate"))
        case reason if "DECRYPT" in reason or "PASSWORD" in reason:
            return _fault(key, setting, _("the private key has a passphrase, which is not supported"))
    if b"CERTIFICATE-----" not in Path(files.client_cert).read_bytes():
        return _fault(files.client_cert, "client_cert", _("it has no certificate in PEM"))
    text = Path(key).read_bytes()
    if b"PRIVATE KEY-----" not in text:
        return _fault(key, setting, _("it has no private key in PEM"))
    if b"ENCRYPTED" in text:
        return _fault(key, setting, _("the private key has a passphrase, which is not supported"))
    return _fault(files.client_cert, "client_cert", _("it is damaged"))


def _reason(exc: OSError) -> str:
    """Return why a file cannot be read; empty if it can."""
    if isinstance(exc, FileNotFoundError):
        return _("it does not exist")
    if isinstance(exc, PermissionError):
        return _("you may not read it")
    if isinstance(exc, ssl.SSLError):  # the file was read, but not understood
        return ""
    return sanitize_line(exc.strerror or "") or _("it cannot be read")


def _fault(file: str, setting: str, reason: str) -> Fault:
    words = _("{file}: {reason}").format(file=sanitize_line(file), reason=reason)
    return Fault(FaultKind.SETUP, words, param=setting)
