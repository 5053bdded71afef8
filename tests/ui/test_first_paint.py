"""The first paint waits for nothing that it does not need: the modules imported by then, in the real program."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.ptys import Terminal

LATER = {
    "httpx",
    "h11",
    "markdown_it",
    "pygments",
    "pylatexenc",
    "sqlite3",
    "tomli_w",
    "holytui.engine.engine",
    "holytui.bootstrap",
    "holytui.store.sqlite.history",
    "holytui.ui.chat.wiring",
    "holytui.ui.markdown.document",
    "holytui.wire.client",
}
"""Too slow to import before the first paint, and not needed for it."""

PROGRAM = """
import json, sys
from pathlib import Path

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "holytui.bootstrap":  # the app opens them once it has painted
            target = Path(sys.argv.pop())
            target.with_suffix(".part").write_text(json.dumps(sorted(sys.modules)))
            target.with_suffix(".part").rename(target)
            sys.meta_path.remove(self)

sys.meta_path.insert(0, Watch())
from holytui.cli import main
sys.exit(main([]))
"""


def test_the_first_paint_has_imported_no_engine_no_http_client_and_no_parser(tmp_path: Path) -> None:
    found = tmp_path / "modules.json"
    with Terminal([sys.executable, "-c", PROGRAM, str(found)]) as terminal:
        terminal.wait_for("Ask anything")
        terminal.wait_until(found.exists)
    modules = set(json.loads(found.read_text()))
    assert "holytui.ui.app" in modules
    assert "textual" in modules
    assert sorted(modules & LATER) == []
