"""Files attached on the command line: arguments `@path`, and `-a PATH`. Nothing else is attached."""

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
    """Return the files that arguments name, each once."""
    paths = [word[1:] for word in words if word.startswith("@") and len(word) > 1]
    return list(dict.fromkeys(Chosen.at(path, Path()) for path in (*paths, *attach)))


def read_files(words: Sequence[str], attach: Sequence[str] = ()) -> Gathered:
    """Read the files that arguments name. Raises NotAttached, also for a missing one; nothing may be sent then."""
    gathered = gather(parse_files(words, attach))
    for path in gathered.missing:
        name = sanitize_line(path)
        if path in attach:
            raise NotAttached(_("{path}: no such file").format(path=name), _("Nothing was sent"))
        hint = _("Nothing was sent. To send it as text, quote it with a word: “about @{path}”.").format(path=name)
        raise NotAttached(_("@{path}: no such file").format(path=name), hint)
    return gathered


def existing_files(words: Sequence[str]) -> list[Chosen]:
    """Return the files that arguments name. Raises NotAttached if one is missing."""
    chosen = parse_files(words)
    if chosen:
        read_files(words)
    return chosen


def files_in_line(line: str) -> list[Chosen]:
    """Return the files that a typed line names."""
    return [Chosen.at(path, Path()) for path in mentions(line)]


def describe_files(chosen: Sequence[Chosen]) -> list[str]:
    """Describe files by name, size and location."""
    return [
        " · ".join(part for part in (item.words.removeprefix("▣ "), item.left_out) if part)
        for item in selection.check_files(selection.RequestedFiles(chosen=chosen)).attached
    ]


def require_vision(services: Services, gathered: Gathered, model: str | None, conversation: str | None) -> None:
    """Raise NotAttached if there are images and the model does not accept any."""
    if not gathered.pictures:
        return
    stored = services.history.conversation(conversation) if conversation and not model else None
    try:
        vision.require_vision(
            services.config, model or (stored.model if stored else "") or services.config.default_model
        )
    except NotAttached as error:  # whose hint names a key
        raise NotAttached(error.title, _("Nothing was sent. Use a model that accepts images.")) from error
