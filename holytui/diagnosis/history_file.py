"""The part of a check about the history file, from the facts that the store found."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from holytui import formatting
from holytui.diagnosis.entry import CheckEntry
from holytui.engine.check.findings import CheckGroup, CheckTopic, Finding, FindingStatus
from holytui.i18n import _, ngettext
from holytui.store.values import HistoryFacts, Integrity
from holytui.text import sanitize_line

LITTLE = 100_000_000
"""Free bytes below which there is a warning."""
_SHOWN = 5


def check_history(facts: HistoryFacts, warnings: tuple[str, ...] = ()) -> Iterator[CheckEntry]:
    """Judge the facts. `warnings` are sentences about opening the history."""
    for finding in (*_findings(facts), *(Finding(FindingStatus.WARNING, CheckTopic.HISTORY, w) for w in warnings)):
        yield CheckEntry(CheckGroup.HISTORY, finding)


def _findings(facts: HistoryFacts) -> Iterator[Finding]:
    yield _file(facts)
    yield _file_system(facts)
    if facts.free is not None:
        yield _space(facts.free)
    yield _permissions(facts)
    if facts.exists:
        yield _integrity(facts)
        if facts.conversations is not None:
            yield _content(facts)
        yield _processes(facts)
    if facts.others:
        yield _others(facts)


def _file(facts: HistoryFacts) -> Finding:
    place = sanitize_line(str(facts.path))
    if facts.problem and facts.integrity is not Integrity.DAMAGED:
        text = _("{file} cannot be read: {reason}").format(file=place, reason=facts.problem)
        hint = _("Check its permissions: {command}").format(command=_shell("ls -ld", facts.path, facts.path.parent))
        return Finding(FindingStatus.FAILED, CheckTopic.HISTORY, text, (hint,))
    if not facts.exists:
        text = _("{file} does not exist yet; the first question creates it").format(file=place)
        return Finding(FindingStatus.OK, CheckTopic.HISTORY, text)
    text = _("{file}, {size}").format(file=place, size=formatting.size(facts.size))
    return Finding(FindingStatus.OK, CheckTopic.HISTORY, text)


def _file_system(facts: HistoryFacts) -> Finding:
    if not facts.filesystem:
        return Finding(FindingStatus.OK, CheckTopic.FILE_SYSTEM, _("its type is not known on this system"))
    if not facts.network:
        return Finding(FindingStatus.OK, CheckTopic.FILE_SYSTEM, sanitize_line(facts.filesystem))
    text = _("{name}, over the network: writing is slower").format(name=sanitize_line(facts.filesystem))
    hint = _("Set HOLYTUI_DATA_DIR to a folder on a local disk.")
    return Finding(FindingStatus.WARNING, CheckTopic.FILE_SYSTEM, text, (hint,))


def _space(free: int) -> Finding:
    text = formatting.size(free)
    if free >= LITTLE:
        return Finding(FindingStatus.OK, CheckTopic.SPACE, text)
    hint = _("Free some space, or set HOLYTUI_DATA_DIR to a folder on another disk.")
    return Finding(FindingStatus.WARNING, CheckTopic.SPACE, text, (hint,))


def _permissions(facts: HistoryFacts) -> Finding:
    topic = CheckTopic.PERMISSIONS
    if not facts.folder_writable:
        text = _("the folder {folder} cannot be written; nothing new is stored").format(folder=facts.path.parent)
        return Finding(FindingStatus.FAILED, topic, text, (_run("chmod u+rwx", facts.path.parent), _elsewhere()))
    if not facts.exists:
        return Finding(FindingStatus.OK, topic, _("the folder can be written"))
    if not facts.writable:
        text = _("the file cannot be written; nothing new is stored")
        return Finding(FindingStatus.FAILED, topic, text, (_run("chmod u+rw", facts.path), _elsewhere()))
    if facts.mode & 0o077:
        text = _("other users may read the file (mode {mode})").format(mode=f"{facts.mode:04o}")
        return Finding(FindingStatus.WARNING, topic, text, (_run("chmod 600", facts.path),))
    return Finding(FindingStatus.OK, topic, _("private (mode {mode})").format(mode=f"{facts.mode:04o}"))


def _integrity(facts: HistoryFacts) -> Finding:
    topic = CheckTopic.INTEGRITY
    match facts.integrity:
        case Integrity.SOUND:
            return Finding(FindingStatus.OK, topic, _("no damage found"))
        case Integrity.DAMAGED:
            hint = _("Start holytui: it sets the file aside, and recovers everything readable. Copy the file first.")
            return Finding(FindingStatus.FAILED, topic, _("the file is damaged"), (hint,))
        case Integrity.NOT_FINISHED:
            text = _("no damage found in the time for this check; the file is large")
            return Finding(FindingStatus.OK, topic, text)
        case _:
            return Finding(FindingStatus.SKIPPED, topic, _("not tried"))


def _content(facts: HistoryFacts) -> Finding:
    conversations = facts.conversations or 0
    parts = [
        ngettext("{count} conversation", "{count} conversations", conversations).format(
            count=formatting.whole(conversations)
        ),
        ngettext("{count} message", "{count} messages", facts.messages).format(count=formatting.whole(facts.messages)),
    ]
    if facts.drafts:
        parts.append(ngettext("{count} draft", "{count} drafts", facts.drafts).format(count=facts.drafts))
    return Finding(FindingStatus.OK, CheckTopic.CONTENT, ", ".join(parts))


def _processes(facts: HistoryFacts) -> Finding:
    if not facts.processes:
        return Finding(FindingStatus.OK, CheckTopic.OTHERS, _("no other process has the file open"))
    text = _("also open in the processes {ids}").format(ids=", ".join(map(str, facts.processes)))
    return Finding(FindingStatus.OK, CheckTopic.OTHERS, text)


def _others(facts: HistoryFacts) -> Finding:
    shown = ", ".join(map(sanitize_line, facts.others[:_SHOWN]))
    text = shown if len(facts.others) <= _SHOWN else _("{names} and more").format(names=shown)
    if any(".unsaved-" in name for name in facts.others):
        hint = _("The unsaved text is added to the history at the next start.")
        return Finding(FindingStatus.WARNING, CheckTopic.BACKUPS, text, (hint,))
    return Finding(FindingStatus.OK, CheckTopic.BACKUPS, text)


def _shell(command: str, *places: object) -> str:
    return " ".join([command, *(shlex.quote(sanitize_line(str(place))) for place in places)])


def _run(command: str, place: object) -> str:
    return _("Run: {command}").format(command=_shell(command, place))


def _elsewhere() -> str:
    return _("Or set HOLYTUI_DATA_DIR to another folder.")
