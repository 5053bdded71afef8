"""The choices of each step of the dialog, and the marks of a test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from rich.cells import cell_len
from textual.content import Content

from holytui.connect.keys import KeyPlace
from holytui.connect.targets import Target
from holytui.credentials.keyring import KeyRing
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.i18n import _, ngettext
from holytui.text import sanitize_line
from holytui.ui.dialogs.choice import Choice
from holytui.ui.pages.columns import hanging

OTHER = "another address"
TYPED_FILE = "a typed key, in a file"
TYPED_KEYRING = "a typed key, in the keyring"
OTHER_VARIABLE = "another variable"


class Next(StrEnum):
    """Next steps after a test."""

    BETTER = "better"
    AGAIN = "again"
    KEY = "key"
    MODEL = "model"
    DEFAULT = "default"
    ONCE = "once"


_COLOURS = {FindingStatus.WARNING: "$warning", FindingStatus.FAILED: "$error", FindingStatus.SKIPPED: "$muted"}


def provider_choices(targets: Sequence[Target], found: Mapping[str, Sequence[str]]) -> list[Choice]:
    """The providers, and any other address."""
    choices = [Choice(each.provider.name, each.title, _remark(each, found)) for each in targets]
    other = Choice(OTHER, _("another OpenAI-compatible endpoint"), _("by its address"))
    return [*choices, other]


def refuse_address(typed: str) -> str:
    """Return why a text in the list of providers is not taken for an address, or an empty text."""
    if re.search(r"[./:]", typed) or typed == "localhost":
        return ""
    return _("neither a provider nor an address such as https://host/v1")


def _remark(target: Target, found: Mapping[str, Sequence[str]]) -> str:
    models = found.get(target.provider.name)
    if models is not None:
        running = ngettext("runs here, {count} model", "runs here, {count} models", len(models))
        return running.format(count=len(models))
    if target.is_configured:
        return _("configured")
    return target.provider.base_url.partition("://")[2]


def key_choices(target: Target, environ: Mapping[str, str], keyring_problem: str) -> list[Choice]:
    """The places of a key, the likeliest first; `keyring_problem` is why the system keyring cannot be used."""
    name = target.key_env
    choices = []
    if target.has_key_source:
        choices.append(Choice(KeyPlace.UNCHANGED, _("as configured"), KeyRing(target.provider).describe()))
    if name and environ.get(name):
        choices.append(Choice(KeyPlace.ENVIRONMENT, _("from {name}").format(name=name), _("the variable is set")))
    choices.append(Choice(TYPED_FILE, _("paste the key"), _("kept in a file that only you can read")))
    if keyring_problem:
        choices.append(Choice("", _("system keyring"), keyring_problem))
    else:
        choices.append(Choice(TYPED_KEYRING, _("paste the key into the keyring"), _("kept in the system keyring")))
    choices += [
        Choice(KeyPlace.COMMAND, _("from a command"), "pass show …"),
        Choice(OTHER_VARIABLE, _("from another variable"), _("of the environment")),
        Choice(KeyPlace.FILE, _("from a file"), _("that holds only the key")),
        Choice(KeyPlace.NONE, _("no key"), _("the server needs none")),
    ]
    return choices


def after_failure(better_url: str, *, key_failed: bool) -> list[Choice]:
    """What can be done where the endpoint cannot be used."""
    choices = [Choice(Next.BETTER, _("use {url}").format(url=better_url))] if better_url else []
    if key_failed:
        choices.append(Choice(Next.KEY, _("another key")))
    choices.append(Choice(Next.AGAIN, _("test again")))
    if not key_failed:
        choices.append(Choice(Next.KEY, _("another key")))
    return [*choices, Choice(Next.MODEL, _("go on all the same"), _("and name a model"))]


def to_save(failed: CheckTopic | None) -> list[Choice]:
    """What can be done after an answer, or instead of one that failed."""
    save = [
        Choice(Next.DEFAULT, _("use it from now on"), _("written into the configuration as the default model")),
        Choice(Next.ONCE, _("use it in this conversation"), _("written into the configuration")),
    ]
    model = Choice(Next.MODEL, _("another model"))
    if failed is None:
        return [*save, model]
    return [model, *([Choice(Next.KEY, _("another key"))] if failed is CheckTopic.KEY else []), *save]


def marks(findings: Mapping[CheckTopic, Finding], columns: int, running: str = "") -> Content:
    """The findings with their hints, in lines of at most `columns`; `running` says that the test goes on."""
    width = max((cell_len(_(topic.value)) for topic in findings), default=0)
    lines: list[Content] = []
    for topic, finding in findings.items():
        name = _(topic.value)
        colour = _COLOURS.get(finding.status, "$primary")
        pad = " " * (width - cell_len(name))
        label = Content.assemble((finding.status.value, colour), f" {name}{pad}  ")
        lines += hanging(label, sanitize_line(finding.text), columns)
        for hint in finding.hints:
            lines += hanging(Content(" " * (width + 4)), sanitize_line(hint), columns)
    return Content("\n").join([*lines, *([Content.assemble((running, "$muted"))] if running else [])])
