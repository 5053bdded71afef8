"""`holytui models`: the configured models."""

from __future__ import annotations

import argparse
import json

from holytui.engine.services import read_config
from holytui.guide.faults import FAULTS
from holytui.wire.providers import known_models


def run(options: argparse.Namespace) -> int:
    """Print them, the default one marked with `*`; returns 0."""
    config, _keys, _problems = read_config(options.config)
    names = [str(ref) for ref in known_models(config)]
    names += [f"guide/{name}" for name in ("guide", *FAULTS) if f"guide/{name}" not in names]
    for name in dict.fromkeys(names):
        default = name == config.default_model
        if options.json:
            print(json.dumps({"model": name, "default": default}, ensure_ascii=False))
        else:
            print(f"{'*' if default else ' '} {name}")
    return 0
