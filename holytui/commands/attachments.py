"""Files named on the command line: an argument that is wholly `@path`, and `-a PATH`. Nothing else is ever attached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holytui.attachments import selection
from holytui.attachments.files import Chosen, Gathered, gather, mentions
from holytui.errors import NotAttached
from holytui.i18n import _
from holytui.providers import vision
from holytui.text import sanitize_line

if TYPE_CHECKING:
    from holytui.bootstrap import Services


def parse_files(words: Sequence[str], attach: Sequence[str] = ()) -> list[Chosen]:
    """The files that arguments name, each once."""
    named = [word[1:] for word in words if word.startswith("@") and len(word) > 1]
    return list(dict.fromkeys(Chosen.at(path, Path()) for path in (*named, *attach)))


def read_files(words: Sequence[str], attach: Sequence[str] = ()) -> Gathered:
    """Their contents. Raises NotAttached, also for one that is not there; then nothing is to be sent."""
    found = gather(parse_files(words, attach))
    for path in found.missing:
        name = sanitize_line(path)
        if path in attach:
            raise NotAttached(_("{path}: there is no such file").format(path=name), _("Nothing was sent"))
        hint = _("Nothing was sent. To send it as text, quote it with a word: “about @{path}”.").format(path=name)
        raise NotAttached(_("@{path}: there is no such file").format(path=name), hint)
    return found


def existing_files(words: Sequence[str]) -> list[Chosen]:
    """The files that arguments name. Raises NotAttached if one of them is not there."""
    chosen = parse_files(words)
    if chosen:
        read_files(words)
    return chosen


def files_in_line(line: str) -> list[Chosen]:
    """The files that a line names which was typed on a terminal."""
    return [Chosen.at(path, Path()) for path in mentions(line)]


def describe_files(chosen: Sequence[Chosen]) -> list[str]:
    """What is sent, for people: name, size and place."""
    return [item.words.removeprefix("▣ ") for item in selection.look(selection.Wanted(chosen=chosen)).attached]


def require_vision(services: Services, found: Gathered, model: str | None, conversation: str | None) -> None:
    """Raises NotAttached if there are images and the model that will be asked sees none."""
    if not found.pictures:
        return
    known = services.history.conversation(conversation) if conversation and not model else None
    try:
        vision.require_vision(services.config, model or (known.model if known else "") or services.config.default_model)
    except NotAttached as error:  # its hint names a key
        raise NotAttached(error.title, _("Nothing was sent. Ask a model that sees images.")) from error
