"""Titles and hints for faults that a server reports: an HTTP status or an error object."""

from __future__ import annotations

import re

from holytui.engine import remedies
from holytui.engine.turn.retry import FaultClass, classify, exceeds_context, needs_responses, rejects_images
from holytui.faults import Fault
from holytui.hints import sentences
from holytui.i18n import _

_OTHER_REGION = re.compile(
    r"unsupported_country|\b(country|region|territory|location)\b.{0,40}\bnot supported", re.IGNORECASE
)


def describe_server_fault(fault: Fault, host: str, key_place: str) -> tuple[str, str]:
    """Title and hint for an HTTP status or an error object; the status is named only if there was one."""
    if (described := _describe_refusal(fault, host)) is not None:
        return described
    code = fault.code.casefold()
    if classify(fault) is FaultClass.EXPIRED_KEY:
        place = key_place or _("the provider's key in the configuration")
        return (
            _("{host} did not accept the key").format(host=host),
            sentences(_("Check {place}.").format(place=place), _("{Press:message.retry} to try again after that.")),
        )
    if fault.better_url:
        return _wrong_address(fault, host)
    describe = _STATUS.get(fault.status or 0)
    if describe is not None:
        return describe(host)
    if fault.status is not None and fault.status < 400:
        return (
            _("{host} answered with status {status}").format(host=host, status=fault.status),
            remedies.sign_in(),
        )
    if "rate_limit" in code or "too_many_requests" in code:
        return _busy(host)
    if "overloaded" in code or "unavailable" in code or "capacity" in code:
        return _overloaded(host)
    if fault.status is not None and fault.status >= 500:
        return (
            _("{host} had an internal error (status {status})").format(host=host, status=fault.status),
            remedies.once_more(),
        )
    if fault.status is not None:
        return (
            _("{host} answered with status {status}").format(host=host, status=fault.status),
            remedies.retry(),
        )
    if classify(fault) is FaultClass.TRANSIENT:
        return (_("{host} had an internal error").format(host=host), remedies.once_more())
    return (
        _("{host} refused the request").format(host=host),
        sentences(remedies.retry(), remedies.another_model()),
    )


def _describe_refusal(fault: Fault, host: str) -> tuple[str, str] | None:
    """Title and hint of a refusal that its code or message explains better than its status."""
    code = fault.code.casefold()
    if "insufficient_quota" in code or "billing" in code or fault.status == 402:
        return (
            _("The account at {host} has no credit left").format(host=host),
            sentences(
                _("Top it up."), _("{Press:message.resume} to get the rest after that."), remedies.another_model()
            ),
        )
    if exceeds_context(fault) or fault.status == 413:
        return (
            _("The conversation is too long for this model"),
            sentences(
                _("Shorten the question."),
                _("{Press:chat.new} to start a new conversation."),
                _("{Press:model.pick} to choose a model with more context."),
            ),
        )
    if rejects_images(fault):
        return (
            _("{host} does not accept images for this model").format(host=host),
            sentences(_("Remove vision = true of the model in the configuration."), remedies.another_model()),
        )
    if fault.status in (400, 422) and "background" in f"{fault.param} {fault.message}".casefold():
        return (
            _("{host} does not answer this in the background").format(host=host),
            sentences(_("Remove background = true from the configuration."), _("{Press:message.retry} to try again.")),
        )
    if needs_responses(fault):
        return (
            _("{host} answers this only through the Responses API").format(host=host),
            sentences(_('Set api = "responses" for the model in the configuration.'), remedies.another_model()),
        )
    if fault.status in (400, 403) and _OTHER_REGION.search(f"{fault.code} {fault.message}"):
        return (
            _("{host} does not serve the country of this connection").format(host=host),
            sentences(
                _("Connect from another place, or through a proxy (proxy of the provider)."), remedies.another_model()
            ),
        )
    if "content_filter" in code or "content_policy" in code:
        return (_("{host} refused the request because of its content rules").format(host=host), remedies.edit())
    return None


def _busy(host: str) -> tuple[str, str]:
    return (
        _("{host} got too many requests from this key").format(host=host),
        remedies.later(),
    )


def _overloaded(host: str) -> tuple[str, str]:
    return (
        _("{host} is overloaded").format(host=host),
        remedies.later(),
    )


def _malformed(host: str) -> tuple[str, str]:
    return (
        _("{host} rejected the request as invalid").format(host=host),
        sentences(_("Check params of the model in the configuration."), remedies.another_model()),
    )


def _forbidden(host: str) -> tuple[str, str]:
    return (
        _("{host} does not allow this with your key").format(host=host),
        sentences(_("Check what the key may do and whether it may use this model."), remedies.another_model()),
    )


def _not_found(host: str) -> tuple[str, str]:
    return (
        _("{host} does not have this model or address").format(host=host),
        sentences(_("Check the model's name, base_url and api in the configuration."), remedies.another_model()),
    )


def _wrong_address(fault: Fault, host: str) -> tuple[str, str]:
    """Title and hint where the right address is known: a redirect, or a base_url without its path."""
    if fault.status is not None and fault.status < 400:
        return (
            _("{host} answered with status {status}").format(host=host, status=fault.status),
            _('Set base_url = "{url}" in the configuration.').format(url=fault.better_url),
        )
    return _not_found(host)[0], remedies.better_address(fault)


def _bad_gateway(host: str) -> tuple[str, str]:
    return (
        _("The gateway of {host} got no answer from the server behind it").format(host=host),
        sentences(_("If that server is yours, is it running?"), remedies.once_more()),
    )


def _gateway_timeout(host: str) -> tuple[str, str]:
    return (
        _("{host}, or a proxy before it, gave up waiting for the answer").format(host=host),
        sentences(_("Raise its timeout, such as proxy_read_timeout of nginx."), remedies.once_more()),
    )


def _request_timeout(host: str) -> tuple[str, str]:
    return (_("{host} gave up waiting for the request").format(host=host), remedies.once_more())


_STATUS = {
    400: _malformed,
    403: _forbidden,
    404: _not_found,
    405: _not_found,
    408: _request_timeout,
    422: _malformed,
    429: _busy,
    502: _bad_gateway,
    503: _overloaded,
    504: _gateway_timeout,
    524: _gateway_timeout,
    529: _overloaded,
}
