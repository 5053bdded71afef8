"""Set up a LiteLLM proxy in an environment of its own: `setup_server.py FOLDER`. A second run finds it ready."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ANSWER = (
    "# Interop\n\nTiếng Việt có dấu, 日本語 and an emoji 👩‍💻.\n\n"
    "```python\nprint('exact to the byte')\n```\n\n- one\n- two\n\nThe end."
)

_CONFIG = """\
model_list:
  - model_name: mock
    litellm_params:
      model: openai/mock
      api_key: unused
      mock_response: {answer}
general_settings:
  master_key: {key}
"""


def main(folder: Path) -> int:
    """Make the environment, the proxy's configuration and ours."""
    folder.mkdir(exist_ok=True)
    ready = folder / "ready"
    if not ready.exists():
        python = folder / "venv" / "bin" / "python"
        if not python.exists():
            venv.create(folder / "venv", with_pip=shutil.which("uv") is None)
        print("Installing litellm[proxy], once…", flush=True)  # noqa: T201 - a script that tells what takes long
        uv = shutil.which("uv")
        pip = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
        subprocess.run([*pip, "--quiet", "litellm[proxy]>=1.60,<2"], check=True)
        ready.touch()
    key = "sk-" + secrets.token_hex(32)
    (folder / "key").write_text(key)
    (folder / "key").chmod(0o600)
    # a JSON string is a YAML string, except that YAML reads no pairs of surrogates: so nothing is escaped
    answer = json.dumps(ANSWER, ensure_ascii=False)
    (folder / "litellm.yaml").write_text(_CONFIG.format(answer=answer, key=json.dumps(key)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
