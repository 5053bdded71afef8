"""Compile the gettext catalogues, and generate completions and the man page, when holytui is installed or built."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GeneratedFilesHook(BuildHookInterface[Any]):
    """Writes each `holytui.mo` beside its `holytui.po`, and adds the files of `share` to the wheel or the archive."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        for source in Path(self.root, "holytui", "locale").rglob("holytui.po"):
            with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
                write_mo(mo, read_po(po))
        added = build_data["shared_data" if self.target_name == "wheel" else "force_include"]
        added.update(self._generate_share())

    def _generate_share(self) -> dict[str, str]:
        """Write the files below `build`; return their paths below the prefix by their own."""
        sys.path.insert(0, self.root)
        try:
            from distribution import completions, files, man_page
        finally:
            sys.path.remove(self.root)
        texts = {path: completions.completion(shell) for shell, path in files.COMPLETIONS.items()}
        texts[files.MAN_PAGE] = man_page.man_page()
        for path, text in texts.items():
            file = Path(self.root, "build", path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return {str(Path(self.root, "build", path)): path for path in texts}
