"""Support of models for images."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from holytui.errors import NotAttached
from holytui.hints import sentences
from holytui.i18n import _
from holytui.providers.pricing import find_model
from holytui.text import sanitize_line

if TYPE_CHECKING:
    from holytui.config.schema import Config
    from holytui.providers.resolve import Resolved

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def accepts_images(config: Config, model: str) -> bool:
    """Whether `provider/model` is configured to accept images."""
    found = find_model(config, model)
    return found is not None and found.vision


def require_vision(config: Config, model: str) -> None:
    """Check that a model accepts images. Raises NotAttached, with a remedy, and ModelUnknown."""
    # imported here, so that the first paint does not wait for the wire package
    from holytui.providers.resolve import resolve

    resolved = resolve(config, model)
    if not resolved.model.vision:
        title = _("{model} sees no images").format(model=sanitize_line(str(resolved.ref)))
        raise NotAttached(title, _hint(resolved))


def _hint(resolved: Resolved) -> str:
    ref, another = resolved.ref, _("{Press:model.pick} to choose another model.")
    if not resolved.provider.base_url:  # the guide, for which vision cannot be configured
        return another
    place = f"[providers.{_toml(ref.provider)}.models.{_toml(ref.name)}]"
    return sentences(another, _("Or set vision = true in {place}.").format(place=place))


def _toml(name: str) -> str:
    """Return a key in TOML syntax."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
