"""`holytui models`: the configured models that can be asked."""

from __future__ import annotations

import argparse

from holytui.bootstrap import model_names
from holytui.commands import exits
from holytui.commands.output import complain, say, say_json
from holytui.config.load import read_config
from holytui.errors import ProviderBlocked
from holytui.providers.resolve import resolve
from holytui.providers.vision import accepts_images


def run(options: argparse.Namespace) -> int:
    """Print them, the default one marked with `*`; returns 0. Providers that are not asked are told on stderr."""
    config, _keys, _problems = read_config(options.config)
    stopped: dict[str, None] = {}
    for name in model_names(config):
        try:
            resolve(config, name)
        except ProviderBlocked as error:
            stopped[str(error)] = None
            continue
        default = name == config.default_model
        if options.json:
            facts = {"model": name, "default": default, "vision": accepts_images(config, name)}
            say_json(facts)
        else:
            say(f"{'*' if default else ' '} {name}")
    for reason in stopped:
        complain(reason)
    return exits.OK
