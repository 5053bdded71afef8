"""One target under atheris, in a process of its own: `python -m tests.fuzz.worker TARGET [OPTIONS OF LIBFUZZER…]`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from random import Random

import atheris

_Mutated = Callable[[bytes, Random], bytes | None]


def _mutator(mutated: _Mutated) -> Callable[[bytes, int, int], bytes]:
    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        found = mutated(data, random) if random.random() < 0.6 else None
        if found is None or len(found) > longest:
            found = atheris.Mutate(data, longest)
        return bytes(found)

    return mutate


def main() -> None:
    """Fuzz until libFuzzer's options say that it is enough; never returns."""
    with atheris.instrument_imports(include=["holytui", "tomllib", "textual._xterm_parser"]):
        target = import_module(f"tests.fuzz.{sys.argv[1]}")
    mutated = getattr(target, "mutated", None)
    options = {} if mutated is None else {"custom_mutator": _mutator(mutated)}
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.check, **options)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
