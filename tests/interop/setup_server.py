"""Set up a LiteLLM proxy in an environment of its own: `python -m tests.interop.setup_server FOLDER`.

A second run finds it ready.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import NamedTemporaryFile

ANSWER = (
    "# Interop\n\nTiếng Việt có dấu, 日本語 and an emoji 👩‍💻.\n\n"
    "```python\nprint('exact to the byte')\n```\n\n- one\n- two\n\nThe end."
)
PINNED = Path(__file__).with_name("requirements.txt")
"""LiteLLM, CMake, pip and all that they need, each with its version and hashes; its head says how it is made."""
LLAMA_BASE = "HOLYTUI_INTEROP_LLAMA"
"""The environment variable that tells the proxy where the llama.cpp server is, for the model `llama`."""

_CONFIG = """\
model_list:
  - model_name: mock
    litellm_params:
      model: openai/mock
      api_key: unused
      mock_response: {answer}
  - model_name: llama
    litellm_params:
      model: openai/qwen
      api_key: unused
      api_base: os.environ/{llama_base}
general_settings:
  master_key: {key}
"""


def environment(folder: Path) -> Path:
    """The Python of the environment in `folder`, which is made if it is not there."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=shutil.which("uv") is None)
    return python


def install(python: Path, *packages: str) -> None:
    """Install `packages` into the environment of `python`, by uv where that is at hand, as `PINNED` says."""
    uv = shutil.which("uv")
    pip = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    with NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as wanted:
        wanted.write("".join(pinned(package) for package in packages or _names()))
        wanted.flush()
        subprocess.run([*pip, "--quiet", "--no-deps", "--require-hashes", "-r", wanted.name], check=True)


def pinned(name: str) -> str:
    """The lines of `PINNED` about one package, with all its hashes."""
    return next(entry for entry in _entries() if entry.partition("==")[0] == name)


def _names() -> list[str]:
    return [entry.partition("==")[0] for entry in _entries()]


def _entries() -> list[str]:
    text = "".join(line for line in PINNED.read_text("utf-8").splitlines(keepends=True) if not line.startswith("#"))
    return [f"{entry}\n" for entry in re.split(r"\n(?=\S)", text.strip())]


def main(folder: Path) -> int:
    """Make the environment, the proxy's configuration and ours."""
    folder.mkdir(exist_ok=True)
    ready = folder / "ready"
    recipe = PINNED.read_text("utf-8")
    if not ready.exists() or ready.read_text("utf-8") != recipe:
        print("Installing litellm[proxy], once…", flush=True)  # noqa: T201 - a script that tells what takes long
        install(environment(folder))
        ready.write_text(recipe, "utf-8")
    key = "sk-" + secrets.token_hex(32)
    (folder / "key").write_text(key)
    (folder / "key").chmod(0o600)
    # a JSON string is a YAML string, except that YAML reads no pairs of surrogates: so nothing is escaped
    answer = json.dumps(ANSWER, ensure_ascii=False)
    config = _CONFIG.format(answer=answer, key=json.dumps(key), llama_base=LLAMA_BASE)
    (folder / "litellm.yaml").write_text(config, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
