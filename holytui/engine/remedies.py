"""Hints that several problems share, with marks of keys (see `holytui.hints`)."""

from __future__ import annotations

from holytui.faults import Fault
from holytui.hints import sentences
from holytui.i18n import _


def resume() -> str:
    """That the answer can be continued."""
    return _("{Press:message.resume} to get the rest.")


def another_model() -> str:
    """That another model can be chosen."""
    return _("{Press:model.pick} to choose another model.")


def without_tools() -> str:
    """What helps where a model calls tools."""
    return sentences(_("Ask for an answer in words."), another_model())


def edit() -> str:
    """That the question can be changed."""
    return _("{Press:message.edit} to edit the question.")


def later() -> str:
    """That it is to be tried again later."""
    return sentences(_("{Press:message.resume} to get the rest in a while."), another_model())


def sign_in() -> str:
    """That the network may want a sign-in."""
    return _("Does this network ask you to sign in? Otherwise check base_url in the configuration.")


def retry() -> str:
    """That it can be asked again."""
    return _("{Press:message.retry} to try again.")


def better_address(fault: Fault) -> str:
    """The base_url that was meant, if it is known."""
    return _('Try base_url = "{url}".').format(url=fault.better_url) if fault.better_url else ""


def once_more() -> str:
    """That the rest can be asked for once more."""
    return _("{Press:message.resume} to try once more.")


def ask_again() -> str:
    """That another answer can be asked for."""
    return _("{Press:message.retry} to ask again.")
