"""`holytui models`: the configured models that can be used."""

from __future__ import annotations

import argparse

from holytui.bootstrap import model_names
from holytui.commands import exit_status
from holytui.commands.output import print_json, print_line, print_to_stderr
from holytui.config.load import read_config
from holytui.errors import ProviderBlocked
from holytui.providers.resolve import resolve
from holytui.providers.vision import accepts_images


def run(options: argparse.Namespace) -> int:
    """Print the models, the default one marked with `*`; return 0. Unusable providers are reported on stderr."""
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
            print_json(facts)
        else:
            print_line(f"{'*' if default else ' '} {name}")
    for reason in stopped:
        print_to_stderr(reason)
    return exit_status.OK
