"""Tags of conversations. One with `/` is a folder, such as `work/` or `work/client`; a conversation is in at most one.

Tags are in lower case and contain no space, comma or `#`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from holytui.i18n import _
from holytui.text import nfc, one_line, sanitize_line

MAX_LENGTH = 60
"""Characters of a tag."""
MAX_LABEL = 60
"""Characters of the label of a message."""


def tag_of(text: str) -> str:
    """Return the tag that a text such as `#Work` names. Raises ValueError, with a sentence for the user."""
    tag = nfc(text).strip().removeprefix("#").lower()
    slashes = tag.strip("/") and tag.replace("//", "/").lstrip("/")
    valid = tag.isprintable() and not any(char.isspace() or char in ",#" for char in tag) and tag[:1] not in ("+", "-")
    if not slashes or not valid or len(slashes) > MAX_LENGTH:
        raise ValueError(
            _("“{text}” is not a tag: use up to {count} letters, digits and signs, without spaces and commas").format(
                text=sanitize_line(text)[:MAX_LENGTH], count=MAX_LENGTH
            )
        )
    return slashes


def label_of(text: str) -> str:
    """Return a typed or imported text as the label of a message: one line, cut to `MAX_LABEL`."""
    return one_line(nfc(text))[:MAX_LABEL].rstrip()


def is_folder(tag: str) -> bool:
    """Whether a tag is a folder."""
    return "/" in tag


def folder_of(tags: Iterable[str]) -> str:
    """Return the folder among tags, without a slash at its end; empty if there is none."""
    return next((tag.rstrip("/") for tag in tags if is_folder(tag)), "")


def normalized(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the valid tags among texts, in order, without duplicates, with the first folder only."""
    found: list[str] = []
    for text in texts:
        try:
            tag = tag_of(text)
        except ValueError:
            continue
        if not (is_folder(tag) and any(map(is_folder, found))):
            found.append(tag)
    return tuple(sorted(set(found)))


@dataclass(frozen=True, slots=True)
class TagChange:
    """Tags to add and to remove."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def apply(self, tags: Collection[str]) -> tuple[str, ...]:
        """Return `tags` after the change. An added folder replaces the one before."""
        removed = set(self.remove)
        kept = [tag for tag in tags if tag not in removed]
        folders = [tag for tag in self.add if is_folder(tag)]
        if folders:
            kept = [tag for tag in kept if not is_folder(tag)]
        plain = [tag for tag in self.add if not is_folder(tag)]
        return tuple(sorted({*kept, *plain, *folders[-1:]}))


def parse_change(text: str) -> TagChange:
    """Parse `+work -old #idea`; a tag without a sign is added. Raises ValueError, with a sentence for the user."""
    add: list[str] = []
    remove: list[str] = []
    for word in text.replace(",", " ").split():
        sign, name = (word[0], word[1:]) if word[0] in "+-" else ("+", word)
        (remove if sign == "-" else add).append(tag_of(name))
    return TagChange(tuple(add), tuple(remove))


def matches(tags: Iterable[str], wanted: str) -> bool:
    """Whether one of `tags` begins with `wanted`, which has no `#`; `work` includes the folder `work/client`."""
    return any(tag.startswith(wanted) for tag in tags)
