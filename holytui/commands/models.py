"""`holytui models`: the configured models."""

from __future__ import annotations

import argparse
import json

from holytui.commands import exits
from holytui.config.in_force import read_config
from holytui.engine.services import model_names
from holytui.ui.sight import sees


def run(options: argparse.Namespace) -> int:
    """Print them, the default one marked with `*`; returns 0."""
    config, _keys, _problems = read_config(options.config)
    for name in model_names(config):
        default = name == config.default_model
        if options.json:
            facts = {"model": name, "default": default, "vision": sees(config, name)}
            print(json.dumps(facts, ensure_ascii=False))
        else:
            print(f"{'*' if default else ' '} {name}")
    return exits.OK
