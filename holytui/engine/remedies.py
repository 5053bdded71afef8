"""Hints that several problems share, with key placeholders (see `holytui.hints`)."""

from __future__ import annotations

from holytui.faults import Fault
from holytui.hints import sentences
from holytui.i18n import _


def resume() -> str:
    """Continue the answer."""
    return _("{Press:message.resume} to get the rest.")


def another_model() -> str:
    """Choose another model."""
    return _("{Press:model.pick} to choose another model.")


def without_tools() -> str:
    """Avoid tool calls."""
    return sentences(_("Ask the model to answer without tools."), another_model())


def edit() -> str:
    """Edit the question."""
    return _("{Press:message.edit} to edit the question.")


def later() -> str:
    """Continue later, or choose another model."""
    return sentences(_("{Press:message.resume} to get the rest in a while."), another_model())


def sign_in() -> str:
    """Sign in to the network, or check the address."""
    return _("Does this network ask you to sign in? Otherwise check base_url in the configuration.")


def retry() -> str:
    """Retry."""
    return _("{Press:message.retry} to try again.")


def better_address(fault: Fault) -> str:
    """Use the right base_url, if it is known; else empty."""
    return _('Try base_url = "{url}".').format(url=fault.better_url) if fault.better_url else ""


def once_more() -> str:
    """Continue, trying once more."""
    return _("{Press:message.resume} to try once more.")


def ask_again() -> str:
    """Ask again."""
    return _("{Press:message.retry} to ask again.")
