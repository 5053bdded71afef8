"""Faults in words: what happened, what was kept, and which key or which place in the configuration helps."""

from __future__ import annotations

from holytui.engine.retry import Remedy, classify
from holytui.faults import Fault, FaultKind
from holytui.i18n import _, ngettext
from holytui.models import Problem
from holytui.secret import scrub
from holytui.text import sanitize_line

_LONGEST = 300


def problem_for(fault: Fault, *, host: str = "", kept: int = 0, retries: int = 0, key_place: str = "") -> Problem:
    """`fault` in words.

    `kept`: characters of the answer that are kept; `retries`: how often it was tried again in vain; `key_place`: where
    the key comes from, in words, such as `environment variable OPENAI_API_KEY`.
    """
    title, hint = _words(fault, host or _("the server"), key_place)
    said = _said(fault)
    if said and fault.kind in (FaultKind.STATUS, FaultKind.IN_BAND, FaultKind.INTERNAL, FaultKind.TLS, FaultKind.PROXY):
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
    title = _("The answer may not be complete: {host} was asked to go on and did not").format(host=host or _("the server"))
    return Problem(title, _with_kept(_("Press c to ask once more."), kept))


def no_key(title: str, hint: str, kept: int) -> Problem:
    """The source of the key gave none."""
    return Problem(sanitize_line(scrub(title)), _with_kept(sanitize_line(scrub(hint)), kept))


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
        FaultKind.PROXY: (
            _("The proxy did not let the request through"),
            _("Check proxy of the provider, and HTTPS_PROXY."),
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
            _("Does this network ask you to sign in? Otherwise check base_url in the configuration. Press r to retry."),
        ),
        FaultKind.GARBLED: (_("What came from {host} was damaged on its way").format(host=host), go_on),
        FaultKind.INSECURE: (
            _("The key was not sent to {host}, because the connection is not encrypted").format(host=host),
            _("Use https in base_url; allow_insecure = true of the provider sends it all the same."),
        ),
        FaultKind.INTERNAL: (_("Something went wrong inside holytui"), _("Press r to retry; the log knows more.")),
    }
    return table[fault.kind]


def _of_server(fault: Fault, host: str, key_place: str) -> tuple[str, str]:
    """Words for an HTTP status or an error object; a status stands in them only if one was told."""
    code = fault.code.casefold()
    if "insufficient_quota" in code or "billing" in code or fault.status == 402:
        return (
            _("The account at {host} has no credit left").format(host=host),
            _("Top it up, then press c to go on; or press F2 for another model."),
        )
    if "context_length" in code or fault.status == 413:
        return (
            _("The conversation is too long for this model"),
            _("Press F4 for a new conversation, or F2 for a model with more context."),
        )
    if "content_filter" in code or "content_policy" in code:
        return (_("{host} refused because of its content rules").format(host=host), _("Press e to edit the question."))
    if classify(fault) is Remedy.EXPIRED_KEY:
        place = key_place or _("the provider's key in the configuration")
        return (
            _("{host} did not accept the key").format(host=host),
            _("Check {place}, then press r to retry.").format(place=place),
        )
    known = _STATUS.get(fault.status or 0)
    if known is not None:
        return known(host)
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
    529: _overloaded,
}
