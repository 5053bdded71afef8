"""The rows of the list: pinned conversations, folders, then days. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial

from textual.content import Content

from holytui import formatting as fmt
from holytui.i18n import _
from holytui.models import Conversation
from holytui.store import tags
from holytui.text import fold, sanitize_line


@dataclass(frozen=True, slots=True)
class FolderRow:
    """The heading of a folder."""

    name: str
    count: int
    is_collapsed: bool


ListRow = Conversation | FolderRow | str
"""A conversation, or a heading."""

_NONE: frozenset[str] = frozenset()


def rows(
    conversations: Sequence[Conversation],
    today: date,
    wanted: str = "",
    heading: str = "",
    collapsed: Collection[str] = _NONE,
) -> list[ListRow]:
    """Return pinned conversations, then folders by name, then the others by day, each newest first.

    `wanted` filters by title, ignoring case and accents, and by words such as `#work`, which begin a tag. `heading`
    replaces the day headings. The conversations of the folders in `collapsed` are left out unless there is a filter.
    """
    shown = [*(filter(_filter(wanted), conversations) if wanted.strip() else conversations)]
    if not shown and wanted.strip():
        return [_("no conversation matches"), _("{key}: all conversations").format(key="Esc")]
    shown.sort(key=lambda one: (not one.pinned, -one.updated_at))
    folders: dict[str, list[Conversation]] = {}
    others: list[Conversation] = []
    for one in shown:
        folder = tags.folder_of(one.tags) if one.tags and not one.pinned else ""
        (folders.setdefault(folder, []) if folder else others).append(one)
    pinned = bisect_left(others, True, key=lambda one: not one.pinned)
    out: list[ListRow] = []
    for name in sorted(folders):
        hidden = name in collapsed and not wanted.strip()
        out += [FolderRow(name, len(folders[name]), hidden), *([] if hidden else folders[name])]
    if heading:
        return [heading, *others[:pinned], *out, *([heading] if out else []), *others[pinned:]]
    return [*_by_day(others[:pinned], today), *out, *_by_day(others[pinned:], today)]


def _filter(wanted: str) -> Callable[[Conversation], bool]:
    words = wanted.split()
    wanted_tags = [fold(word[1:]) for word in words if word.startswith("#")]
    needle = fold(" ".join(word for word in words if not word.startswith("#")) if wanted_tags else wanted)

    def matches(one: Conversation) -> bool:
        if needle and needle not in _folded(one.title):
            return False
        return all(tags.matches(map(_folded, one.tags), each) for each in wanted_tags)

    return matches


def _by_day(conversations: Sequence[Conversation], today: date) -> list[ListRow]:
    def group_of(one: Conversation) -> str:
        return _("Pinned") if one.pinned else fmt.day_group(one.updated_at, today)

    out: list[ListRow] = []
    begin = 0
    while begin < len(conversations):  # the days of ten thousand conversations would take a third of a second
        group = group_of(conversations[begin])
        end = bisect_left(conversations, True, begin, key=partial(_is_other, group, group_of))
        out += [group, *conversations[begin:end]]
        begin = end
    return out


@lru_cache(maxsize=1 << 15)
def _folded(title: str) -> str:
    return fold(title)


def _is_other(group: str, group_of: Callable[[Conversation], str], one: Conversation) -> bool:
    return group_of(one) != group


def label(
    conversation: Conversation, *, current: bool, marked: bool = False, width: int = 0, local: bool = False
) -> Content:
    """A row, as marked (`✓`), streaming (`◆`), open (`›`) or unread (`•`); with its tags if they fit into `width`.

    `local`: it is kept on this machine (`⌂`)."""
    mark = "◆" if conversation.streaming else "›" if current else "•" if conversation.unread else " "
    title = sanitize_line(conversation.title) or _("New conversation")
    row = Content(f"{'✓' if marked else mark} {'⌂ ' if local else ''}{title}")
    words = " ".join(f"#{sanitize_line(tag)}" for tag in conversation.tags if not tags.is_folder(tag))
    tagged = Content.assemble(row, ("  " + words, "$muted"))
    return tagged if words and tagged.cell_length <= width else row


def folder_label(row: FolderRow) -> Content:
    """The heading of a folder; a collapsed one has the number of its conversations."""
    name = sanitize_line(row.name)
    return Content(f"▸ {name} · {fmt.whole(row.count)}" if row.is_collapsed else f"▾ {name}")
