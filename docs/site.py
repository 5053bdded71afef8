"""Hooks of MkDocs: the documents of the root folder become pages of the site, and links to them are adapted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGES = ("README.vi.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")


def on_files(files: Any, config: Any) -> Any:
    """Add the documents of the root folder."""
    from mkdocs.structure.files import File

    for name in PAGES:
        files.append(File.generated(config, name, content=(ROOT / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, **_of_page: Any) -> str:
    """Rewrite the links between `docs` and the root folder; the site has one folder."""
    return _LINK.sub(lambda found: found[1] + _target(found[2]) + found[3], markdown)


def _target(link: str) -> str:
    path, mark, anchor = link.partition("#")
    if path.startswith("../") and path[3:] in PAGES:
        path = path[3:]
    elif path.startswith("docs/"):
        path = path[5:]
    return path + mark + anchor
