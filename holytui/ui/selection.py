"""What is sent beside the text of a question, as it is listed above the prompt before Enter."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holytui.i18n import _, ngettext
from holytui.images import describe
from holytui.models import Image
from holytui.text import sanitize_line
from holytui.ui import format as fmt
from holytui.ui.attachments import Chosen, carried

_MOST = 5
"""Lines of each kind; how many more there are is said in one."""
_LOOKED_AT = 50
"""So many paths that were not chosen are looked at: a pasted text may name any number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a text has beside it: images of an earlier question, files that were chosen, and paths that were not."""

    images: Sequence[Image] = ()
    chosen: Sequence[Chosen] = ()
    others: Sequence[Chosen] = ()
    text: str = ""

    @property
    def files(self) -> Sequence[object]:
        """What has to be looked at anew when it changes."""
        return (*self.images, None, *self.chosen, None, *self.others) if self != NOTHING else ()


NOTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Item:
    """A file: as it is written, and how it is listed."""

    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Selected:
    """What is attached, and which files are only named."""

    attached: Sequence[Item] = ()
    named: Sequence[Item] = ()

    def lines(self, attach: str, remove: str) -> list[tuple[str, bool]]:
        """What to list, and of each line whether it is attached; `attach` and `remove` say which key does that."""
        words = _("{path} is sent as text")
        named = [f"{words.format(path=sanitize_line(f'@{item.path}'))} · {attach}" for item in self.named]
        sent = _cut([item.words for item in self.attached])
        off = [" · ".join((_("attached to the question"), remove))] if sent else []
        return [*((line, True) for line in sent), *((line, False) for line in (*off, *_cut(named)))]


def _cut(lines: Sequence[str]) -> list[str]:
    if len(lines) <= _MOST:
        return list(lines)
    count = len(lines) - _MOST + 1
    return [*lines[: _MOST - 1], ngettext("and {count} more file", "and {count} more files", count).format(count=count)]


def look(wanted: Wanted) -> Selected:
    """Find out which of them are there. Blocks on the disk."""
    attached = [Item(image.name, f"▣ {describe(image)}") for image in wanted.images]
    read = [each for each in wanted.chosen if not carried(each.path, wanted.text, wanted.images)]
    attached += [item for each in read if (item := _item(each)) is not None]
    left = [each for each in wanted.others[:_LOOKED_AT] if not carried(each.path, wanted.text, wanted.images)]
    return Selected(attached, [item for each in left if (item := _item(each)) is not None])


def _item(chosen: Chosen) -> Item | None:
    """A file with its name, size and place; None where there is none."""
    for spelled, place in chosen.spellings():
        size = _size(place)
        if size is not None:
            parts = (sanitize_line(spelled), fmt.size(size), sanitize_line(str(place)))
            return Item(chosen.path, "▣ " + " · ".join(parts))
    return None


def _size(place: Path) -> int | None:
    try:
        status = place.stat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
