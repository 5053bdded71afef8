"""Problems for the user: what happened, what was kept, and which key or setting helps.

Hints contain key placeholders, see `holytui.hints`.
"""

from __future__ import annotations

from holytui.engine import remedies
from holytui.engine.turn.server_problems import describe_server_fault
from holytui.faults import Fault, FaultKind
from holytui.hints import sentences
from holytui.i18n import _, ngettext
from holytui.models import Problem
from holytui.secret import scrub
from holytui.text import sanitize_line

_MAX_LENGTH = 300
_QUOTED = frozenset(
    {FaultKind.STATUS, FaultKind.IN_BAND, FaultKind.INTERNAL, FaultKind.TLS, FaultKind.PROXY, FaultKind.ENCODED}
    | {FaultKind.SETUP, FaultKind.TOO_LONG}
)
"""Kinds whose message is appended to the title."""
_MAX_HOURS = 9_999


def problem_for(fault: Fault, *, host: str = "", kept: int = 0, retries: int = 0, key_place: str = "") -> Problem:
    """The problem for `fault`.

    `kept`: characters of the answer that are kept; `retries`: unsuccessful retries; `key_place`: the source of the key,
    such as `environment variable OPENAI_API_KEY`.
    """
    title, hint = _describe(fault, host or _("the server"), key_place)
    message = _server_message(fault)
    if message and fault.kind in _QUOTED:
        title = _("{title}: {said}").format(title=title, said=message)
    if retries:
        tried = ngettext("Tried again once, without success.", "Tried again {count} times, without success.", retries)
        hint = sentences(tried.format(count=retries), hint)
    return Problem(title, _with_kept(hint, kept), fault)


def excessive_wait(fault: Fault, *, host: str, kept: int) -> Problem:
    """The server asks for a wait longer than `max_retry_after`."""
    wait = duration(fault.retry_after or 0.0)
    title = _("{host} asks to wait {time} before the next request").format(host=host, time=wait)
    later = _("{Press:message.resume} to get the rest after that time.")
    return Problem(title, _with_kept(sentences(later, remedies.another_model()), kept), fault)


def asks_first(fault: Fault, *, host: str, kept: int) -> Problem:
    """The answer was interrupted and `recover = "ask"` leaves resuming it to the user."""
    title, _hint = _describe(fault, host or _("the server"), "")
    return Problem(title, _with_kept(_("{Press:message.resume} to get the rest of it."), kept), fault)


def unproven_end(*, host: str, kept: int) -> Problem:
    """A continuation stopped without a proven end of the answer."""
    title = _("The answer may not be complete: {host} was asked to continue and did not").format(
        host=host or _("the server")
    )
    return Problem(title, _with_kept(_("{Press:message.resume} to ask for the rest again."), kept))


def token_limit(limit: int, kept: int) -> Problem:
    """The answer has as many tokens as `per_answer_tokens` allows."""
    title = _("The answer has reached the limit of {count} tokens").format(count=limit)
    hint = sentences(_("{Press:message.resume} to get the rest."), _("per_answer_tokens in [limits] sets the limit."))
    return Problem(title, _with_kept(hint, kept), Fault(FaultKind.LIMIT, param="per_answer_tokens"))


def key_unavailable(title: str, hint: str, kept: int, refusal: Fault | None = None) -> Problem:
    """The key source supplied no key; `refusal` is the fault that refused the last one."""
    title = sanitize_line(scrub(title))
    if refusal is not None and (message := _server_message(refusal)):
        title = _("{title}: {said}").format(title=title, said=message)
    return Problem(title, _with_kept(sanitize_line(scrub(hint)), kept), refusal)


def only_tools(host: str) -> Problem:
    """The model called tools and sent no text."""
    title = _("{host} called tools, which holytui does not support").format(host=host)
    return Problem(title, remedies.without_tools())


def internal(error: str, kept: int) -> Problem:
    """An internal error."""
    fault = Fault(FaultKind.INTERNAL, sanitize_line(scrub(error))[:_MAX_LENGTH])
    return problem_for(fault, kept=kept)


def duration(seconds: float) -> str:
    """A duration in the unit that fits."""
    if seconds < 100:
        whole = max(1, round(seconds))
        return ngettext("{count} second", "{count} seconds", whole).format(count=whole)
    if seconds < 6000:
        whole = round(seconds / 60)
        return ngettext("{count} minute", "{count} minutes", whole).format(count=whole)
    if seconds > _MAX_HOURS * 3600:  # a server may ask for 1e308 seconds
        return _("more than {count} hours").format(count=_MAX_HOURS)
    whole = round(seconds / 3600)
    return ngettext("{count} hour", "{count} hours", whole).format(count=whole)


def _server_message(fault: Fault) -> str:
    text = sanitize_line(scrub(fault.message))
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def _with_kept(hint: str, kept: int) -> str:
    if not kept:
        return hint
    return sentences(_("The text so far is kept."), hint)


def _describe(fault: Fault, host: str, key_place: str) -> tuple[str, str]:
    if fault.kind in (FaultKind.STATUS, FaultKind.IN_BAND):
        return describe_server_fault(fault, host, key_place)
    if fault.proxy or fault.kind is FaultKind.PROXY:
        return _describe_proxy_fault(fault)
    if fault.kind is FaultKind.SETUP:
        return _describe_setting_fault(fault)
    if (found := _describe_socket_fault(fault, host) or _describe_client_certificate_fault(fault, host)) is not None:
        return found
    resume = remedies.resume()
    table: dict[FaultKind, tuple[str, str]] = {
        FaultKind.DNS: (
            _("The name {host} was not found").format(host=host),
            _("Check the network, and base_url in the configuration."),
        ),
        FaultKind.REFUSED: (
            _("{host} refused the connection").format(host=host),
            _("Is the server running? Check base_url in the configuration."),
        ),
        FaultKind.UNREACHABLE: (_("{host} cannot be reached").format(host=host), _("Check the network.")),
        FaultKind.CONNECT_TIMEOUT: (
            _("{host} did not answer the connection in time").format(host=host),
            _("Check the network; connect_timeout in [stream] sets how long to wait."),
        ),
        FaultKind.TLS: (_("The connection to {host} is not trusted").format(host=host), _certificate_remedy(fault)),
        FaultKind.NO_TLS: (
            _("{host} does not support TLS, which https requires").format(host=host),
            remedies.better_address(fault) or _("Check the port in base_url."),
        ),
        FaultKind.WANTS_TLS: (
            _("{host} requires an encrypted connection").format(host=host),
            remedies.better_address(fault) or _("Use https in base_url."),
        ),
        FaultKind.STALE: (_("{host} closed the connection").format(host=host), resume),
        FaultKind.CLOSED: (_("{host} ended the connection before the answer was complete").format(host=host), resume),
        FaultKind.RESET: (_("The connection to {host} was lost").format(host=host), resume),
        FaultKind.IDLE: (
            _("{host} sent nothing for too long").format(host=host),
            sentences(resume, _("idle_timeout in [stream] sets how long to wait.")),
        ),
        FaultKind.NO_TOKEN: (
            _("{host} kept the connection open but sent no text for too long").format(host=host),
            sentences(resume, _("token_timeout and first_token_timeout in [stream] set how long to wait.")),
        ),
        FaultKind.NOT_A_STREAM: (
            _("{host} sent something that is not an answer, such as a web page").format(host=host),
            remedies.better_address(fault) or sentences(remedies.sign_in(), remedies.retry()),
        ),
        FaultKind.GARBLED: (_("The data from {host} was damaged in transit").format(host=host), resume),
        FaultKind.TOO_LONG: (
            _("The answer from {host} exceeds the size limit").format(host=host),
            sentences(resume, _("max_answer_bytes in [stream] sets how long an answer may be.")),
        ),
        FaultKind.ENCODED: (
            _("{host} compressed the answer, though it was not asked to").format(host=host),
            _("Turn off compression for this address, on the server or on a proxy before it."),
        ),
        FaultKind.INSECURE: (
            _("The key was not sent to {host}, because the connection is not encrypted").format(host=host),
            _("Use https in base_url, or set allow_insecure = true for the provider to send it anyway."),
        ),
        FaultKind.LIMIT: (_("A limit of spending is reached"), resume),
        FaultKind.INTERNAL: (_("Something went wrong inside holytui"), remedies.retry()),
    }
    return table[fault.kind]


def _describe_proxy_fault(fault: Fault) -> tuple[str, str]:
    """Title and hint of a fault at the proxy, or on the way to it."""
    proxy = fault.proxy or _("of the configuration or the environment")
    settings = _("Check the provider's proxy setting and HTTPS_PROXY.")
    running = _("Is it running? {check}").format(check=settings)
    match fault.kind:
        case FaultKind.DNS:
            return _("The name of the proxy {proxy} was not found").format(proxy=proxy), settings
        case FaultKind.REFUSED:
            return _("The proxy {proxy} refused the connection").format(proxy=proxy), running
        case FaultKind.UNREACHABLE:
            title = _("The proxy {proxy} cannot be reached").format(proxy=proxy)
            return title, _("Check the network. {check}").format(check=settings)
        case FaultKind.CONNECT_TIMEOUT:
            return _("The proxy {proxy} did not answer the connection in time").format(proxy=proxy), running
    if fault.status == 407 or "password" in fault.message.lower() or "ACCEPTABLE" in fault.message:
        return (
            _("The proxy {proxy} requires a user name and password").format(proxy=proxy),
            _("Put them into the provider's proxy setting or HTTPS_PROXY: http://user:password@host:port."),
        )
    return _("The proxy {proxy} did not let the request through").format(proxy=proxy), settings


def _certificate_remedy(fault: Fault) -> str:
    """The next step for a certificate that was not accepted, by the words of OpenSSL."""
    message = fault.message.casefold()
    if "not yet valid" in message:
        return _("The clock of this machine may be wrong: compare it with the output of `date -u`.")
    if "has expired" in message:
        return sentences(
            _("If the clock of this machine is right, the server needs a new certificate."), remedies.another_model()
        )
    if "mismatch" in message or "not valid for" in message:
        return _("Check the host name in base_url: the certificate is for another one.")
    if "self-signed" in message or "self signed" in message or "issuer" in message:
        return _("If you trust this server, set ca_file of the provider to its certificate, or your company's.")
    return _("Check the clock of this machine; a company's certificate goes into ca_file of the provider.")


def _describe_socket_fault(fault: Fault, host: str) -> tuple[str, str] | None:
    """Title and hint of a Unix socket that cannot be connected to; None for another fault."""
    match fault.code:
        case "ENOENT":
            return (
                _("The socket {path} does not exist").format(path=host),
                _("Is the server running? Check base_url in the configuration."),
            )
        case "EACCES" if host.startswith("/"):
            return (
                _("You may not connect to the socket {path}").format(path=host),
                _("Check the permissions of the socket and of its folders, or the groups that you are in."),
            )
        case "unix_socket" if fault.kind is FaultKind.REFUSED:
            return (
                _("No server listens on the socket {path}").format(path=host),
                _("Is the server running? Check base_url in the configuration."),
            )
    return None


def _describe_client_certificate_fault(fault: Fault, host: str) -> tuple[str, str] | None:
    """Title and hint where the server did not accept the client in the TLS handshake; None for another fault."""
    if fault.kind is not FaultKind.TLS or "alert" not in fault.message:
        return None
    if "certificate required" in fault.message:
        return (
            _("{host} requires a client certificate").format(host=host),
            _("Set client_cert and client_key of the provider in the configuration."),
        )
    if "certificate" in fault.message or "unknown ca" in fault.message:
        return (
            _("{host} did not accept the client certificate").format(host=host),
            _("Check client_cert of the provider in the configuration, and whether it has expired."),
        )
    return None


def _describe_setting_fault(fault: Fault) -> tuple[str, str]:
    """Title and hint of a setting that cannot be used on this machine."""
    title = _("Nothing was sent: a setting cannot be used")
    if fault.param in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        return title, _("Check the environment variable {name}.").format(name=fault.param)
    if fault.param == "socksio":
        return title, _('Install it with holytui: pip install "holytui[socks]"')
    return title, _("Check {setting} of the provider in the configuration.").format(setting=fault.param or "base_url")
