"""Faults in words: what happened, what was kept, and which key or which place in the configuration helps."""

from __future__ import annotations

from holytui.engine.retry import Remedy, classify, is_too_long, refuses_images
from holytui.faults import Fault, FaultKind
from holytui.i18n import _, ngettext
from holytui.models import Problem
from holytui.secret import scrub
from holytui.text import sanitize_line

_LONGEST = 300
_QUOTED = frozenset(
    {FaultKind.STATUS, FaultKind.IN_BAND, FaultKind.INTERNAL, FaultKind.TLS, FaultKind.PROXY, FaultKind.ENCODED}
    | {FaultKind.SETUP, FaultKind.TOO_LONG}
)
"""Kinds whose own words stand behind the title."""
_MOST_HOURS = 9_999


def problem_for(fault: Fault, *, host: str = "", kept: int = 0, retries: int = 0, key_place: str = "") -> Problem:
    """`fault` in words.

    `kept`: characters of the answer that are kept; `retries`: how often it was tried again in vain; `key_place`: where
    the key comes from, in words, such as `environment variable OPENAI_API_KEY`.
    """
    title, hint = _words(fault, host or _("the server"), key_place)
    said = _said(fault)
    if said and fault.kind in _QUOTED:
        title = _("{title}: {said}").format(title=title, said=said)
    if retries:
        tried = ngettext("Tried again once in vain.", "Tried again {count} times in vain.", retries)
        hint = _("{first} {second}").format(first=tried.format(count=retries), second=hint)
    return Problem(title, _with_kept(hint, kept), fault)


def too_long_a_wait(fault: Fault, *, host: str, kept: int) -> Problem:
    """The server asks for a longer wait than `max_retry_after`."""
    wait = duration(fault.retry_after or 0.0)
    title = _("{host} asks to wait {time} before the next request").format(host=host, time=wait)
    return Problem(
        title, _with_kept(_("Press c to go on when that time is over, or F2 for another model."), kept), fault
    )


def asks_first(fault: Fault, *, host: str, kept: int) -> Problem:
    """The answer was cut and `recover = "ask"` leaves it to the user to go on."""
    title, _hint = _words(fault, host or _("the server"), "")
    return Problem(title, _with_kept(_("Press c to let the answer go on."), kept), fault)


def unproven_end(*, host: str, kept: int) -> Problem:
    """A cut answer was continued, and nothing shows that it goes to its end."""
    title = _("The answer may not be complete: {host} was asked to go on and did not").format(
        host=host or _("the server")
    )
    return Problem(title, _with_kept(_("Press c to ask once more."), kept))


def no_key(title: str, hint: str, kept: int, refusal: Fault | None = None) -> Problem:
    """The source of the key gave none; `refusal` is what the server said of the one before."""
    title = sanitize_line(scrub(title))
    if refusal is not None and (said := _said(refusal)):
        title = _("{title}: {said}").format(title=title, said=said)
    return Problem(title, _with_kept(sanitize_line(scrub(hint)), kept), refusal)


def only_tools(host: str) -> Problem:
    """The model called tools and said nothing."""
    title = _("{host} answered with a call of tools, which holytui does not have").format(host=host)
    return Problem(title, _("Ask for an answer in words, or press F2 for another model."))


def internal(error: str, kept: int) -> Problem:
    """A defect of holytui itself."""
    fault = Fault(FaultKind.INTERNAL, sanitize_line(scrub(error))[:_LONGEST])
    return problem_for(fault, kept=kept)


def duration(seconds: float) -> str:
    """A wait in words, in the unit that fits."""
    if seconds < 100:
        whole = max(1, round(seconds))
        return ngettext("{count} second", "{count} seconds", whole).format(count=whole)
    if seconds < 6000:
        whole = round(seconds / 60)
        return ngettext("{count} minute", "{count} minutes", whole).format(count=whole)
    if seconds > _MOST_HOURS * 3600:  # a server may ask for 1e308 seconds
        return _("more than {count} hours").format(count=_MOST_HOURS)
    whole = round(seconds / 3600)
    return ngettext("{count} hour", "{count} hours", whole).format(count=whole)


def _said(fault: Fault) -> str:
    text = sanitize_line(scrub(fault.message))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _with_kept(hint: str, kept: int) -> str:
    if not kept:
        return hint
    return _("{first} {second}").format(first=_("What has come is kept."), second=hint)


def _words(fault: Fault, host: str, key_place: str) -> tuple[str, str]:
    if fault.kind in (FaultKind.STATUS, FaultKind.IN_BAND):
        return _of_server(fault, host, key_place)
    if fault.proxy or fault.kind is FaultKind.PROXY:
        return _of_proxy(fault)
    if fault.kind is FaultKind.SETUP:
        return _of_setting(fault)
    go_on = _("Press c to go on.")
    table: dict[FaultKind, tuple[str, str]] = {
        FaultKind.DNS: (
            _("The name {host} was not found").format(host=host),
            _("Check the network, and base_url in the configuration."),
        ),
        FaultKind.REFUSED: (
            _("Nobody answers at {host}").format(host=host),
            _("Is the server running? Check base_url in the configuration."),
        ),
        FaultKind.UNREACHABLE: (_("There is no way to {host}").format(host=host), _("Check the network.")),
        FaultKind.CONNECT_TIMEOUT: (
            _("{host} did not answer the connection in time").format(host=host),
            _("Check the network; connect_timeout in [stream] sets how long to wait."),
        ),
        FaultKind.TLS: (
            _("The connection to {host} is not trusted").format(host=host),
            _("Check the clock of this machine; a company's certificate goes into ca_file of the provider."),
        ),
        FaultKind.NO_TLS: (
            _("{host} does not speak TLS, which https needs").format(host=host),
            _try(fault) or _("Check the port in base_url."),
        ),
        FaultKind.WANTS_TLS: (
            _("{host} wants an encrypted connection").format(host=host),
            _try(fault) or _("Use https in base_url."),
        ),
        FaultKind.STALE: (_("{host} closed the connection").format(host=host), go_on),
        FaultKind.CLOSED: (_("{host} ended the connection before the answer was complete").format(host=host), go_on),
        FaultKind.RESET: (_("The connection to {host} broke").format(host=host), go_on),
        FaultKind.IDLE: (
            _("Nothing came from {host} for too long").format(host=host),
            _("Press c to go on; idle_timeout in [stream] sets how long to wait."),
        ),
        FaultKind.NO_TOKEN: (
            _("{host} kept the line open but sent no text for too long").format(host=host),
            _("Press c to go on; token_timeout and first_token_timeout in [stream] set how long to wait."),
        ),
        FaultKind.NOT_A_STREAM: (
            _("{host} sent something that is no answer, such as a web page").format(host=host),
            _try(fault) or _sign_in(_("Press r to retry.")),
        ),
        FaultKind.GARBLED: (_("What came from {host} was damaged on its way").format(host=host), go_on),
        FaultKind.TOO_LONG: (
            _("{host} sent more than an answer may have").format(host=host),
            _("Press c to go on; max_answer_bytes in [stream] sets how long an answer may become."),
        ),
        FaultKind.ENCODED: (
            _("{host} compressed the answer, though it was not asked to").format(host=host),
            _("Turn compression off for this address, in the server or in a proxy before it."),
        ),
        FaultKind.INSECURE: (
            _("The key was not sent to {host}, because the connection is not encrypted").format(host=host),
            _("Use https in base_url; allow_insecure = true of the provider sends it all the same."),
        ),
        FaultKind.INTERNAL: (_("Something went wrong inside holytui"), _("Press r to retry; the log knows more.")),
    }
    return table[fault.kind]


def _sign_in(then: str = "") -> str:
    said = _("Does this network ask you to sign in? Otherwise check base_url in the configuration.")
    return _("{first} {second}").format(first=said, second=then) if then else said


def _try(fault: Fault) -> str:
    return _('Try base_url = "{url}".').format(url=fault.better_url) if fault.better_url else ""


def _of_proxy(fault: Fault) -> tuple[str, str]:
    """Words for what failed at the proxy, or on the way to it."""
    proxy = fault.proxy or _("of the configuration or the environment")
    settings = _("Check proxy of the provider, and HTTPS_PROXY.")
    running = _("Is it running? {check}").format(check=settings)
    match fault.kind:
        case FaultKind.DNS:
            return _("The name of the proxy {proxy} was not found").format(proxy=proxy), settings
        case FaultKind.REFUSED:
            return _("Nobody answers at the proxy {proxy}").format(proxy=proxy), running
        case FaultKind.UNREACHABLE:
            title = _("There is no way to the proxy {proxy}").format(proxy=proxy)
            return title, _("Check the network. {check}").format(check=settings)
        case FaultKind.CONNECT_TIMEOUT:
            return _("The proxy {proxy} did not answer the connection in time").format(proxy=proxy), running
    if fault.status == 407 or "password" in fault.message.lower() or "ACCEPTABLE" in fault.message:
        return (
            _("The proxy {proxy} wants a user name and password").format(proxy=proxy),
            _(
                "Put them, or the right ones, into proxy of the provider or HTTPS_PROXY: http://user:password@host:port."
            ),
        )
    return _("The proxy {proxy} did not let the request through").format(proxy=proxy), settings


def _of_setting(fault: Fault) -> tuple[str, str]:
    """Words for a setting that cannot be followed here."""
    title = _("Nothing was sent, as a setting cannot be followed")
    if fault.param == "socksio":
        return title, _('Install it beside holytui, such as with: pip install "holytui[socks]"')
    return title, _("Check {setting} of the provider in the configuration.").format(setting=fault.param or "base_url")


def _of_server(fault: Fault, host: str, key_place: str) -> tuple[str, str]:
    """Words for an HTTP status or an error object; a status stands in them only if one was told."""
    if (told := _refused(fault, host)) is not None:
        return told
    code = fault.code.casefold()
    if classify(fault) is Remedy.EXPIRED_KEY:
        place = key_place or _("the provider's key in the configuration")
        return (
            _("{host} did not accept the key").format(host=host),
            _("Check {place}, then press r to retry.").format(place=place),
        )
    if fault.better_url:
        return _elsewhere(fault, host)
    known = _STATUS.get(fault.status or 0)
    if known is not None:
        return known(host)
    if fault.status is not None and fault.status < 400:
        return (
            _("{host} answered with status {status}").format(host=host, status=fault.status),
            _sign_in(),
        )
    if "rate_limit" in code or "too_many_requests" in code:
        return _busy(host)
    if "overloaded" in code or "unavailable" in code or "capacity" in code:
        return _overloaded(host)
    if fault.status is not None and fault.status >= 500:
        return (
            _("{host} had an error of its own (status {status})").format(host=host, status=fault.status),
            _("Press c to try once more."),
        )
    if fault.status is not None:
        return (
            _("{host} answered with status {status}").format(host=host, status=fault.status),
            _("Press r to retry."),
        )
    if classify(fault) is Remedy.TRANSIENT:
        return (_("{host} had an error of its own").format(host=host), _("Press c to try once more."))
    return (_("{host} refused the request").format(host=host), _("Press r to retry, or F2 for another model."))


def _refused(fault: Fault, host: str) -> tuple[str, str] | None:
    """Words for refusals that a code or the server's own sentence explains better than the status."""
    code = fault.code.casefold()
    if "insufficient_quota" in code or "billing" in code or fault.status == 402:
        return (
            _("The account at {host} has no credit left").format(host=host),
            _("Top it up, then press c to go on; or press F2 for another model."),
        )
    if is_too_long(fault) or fault.status == 413:
        return (
            _("The conversation is too long for this model"),
            _("Shorten the question, or press F4 for a new conversation, or F2 for a model with more context."),
        )
    if refuses_images(fault):
        return (
            _("{host} takes no images for this model").format(host=host),
            _("Remove vision = true of the model in the configuration, or press F2 for another model."),
        )
    if "content_filter" in code or "content_policy" in code:
        return (_("{host} refused because of its content rules").format(host=host), _("Press e to edit the question."))
    return None


def _busy(host: str) -> tuple[str, str]:
    return (
        _("{host} gets too many requests from this key").format(host=host),
        _("Press c to go on in a while, or F2 for another model."),
    )


def _overloaded(host: str) -> tuple[str, str]:
    return (
        _("{host} has too much to do at the moment").format(host=host),
        _("Press c to go on in a while, or F2 for another model."),
    )


def _malformed(host: str) -> tuple[str, str]:
    return (
        _("{host} does not understand the request").format(host=host),
        _("Check params of the model in the configuration, or press F2 for another model."),
    )


def _forbidden(host: str) -> tuple[str, str]:
    return (
        _("{host} does not allow this with your key").format(host=host),
        _("Check what the key may do and whether it may use this model, or press F2 for another model."),
    )


def _nothing_there(host: str) -> tuple[str, str]:
    return (
        _("{host} knows no such model or address").format(host=host),
        _("Check the model's name and base_url in the configuration; F2 chooses another model."),
    )


def _elsewhere(fault: Fault, host: str) -> tuple[str, str]:
    """Words where the address that was meant is known: a redirect, or a base_url without its path."""
    if fault.status is not None and fault.status < 400:
        return (
            _("{host} answered with status {status}").format(host=host, status=fault.status),
            _('Set base_url = "{url}" in the configuration.').format(url=fault.better_url),
        )
    return _nothing_there(host)[0], _try(fault)


def _gave_up(host: str) -> tuple[str, str]:
    return (
        _("{host}, or a proxy before it, gave up waiting for the answer").format(host=host),
        _("Raise its timeout, such as proxy_read_timeout of nginx. Press c to try once more."),
    )


def _late(host: str) -> tuple[str, str]:
    return (_("{host} gave up waiting for the request").format(host=host), _("Press c to try once more."))


_STATUS = {
    400: _malformed,
    403: _forbidden,
    404: _nothing_there,
    405: _nothing_there,
    408: _late,
    422: _malformed,
    429: _busy,
    503: _overloaded,
    504: _gave_up,
    524: _gave_up,
    529: _overloaded,
}
