from __future__ import annotations

import shutil
import subprocess

import pytest

from distribution.man_page import man_page
from distribution.whole_parser import arguments, walk, whole_parser


def test_the_page_names_every_option_of_every_command() -> None:
    page = man_page().replace(r"\-", "-")
    for names, parser in walk(whole_parser()):
        section = page.split(f".SS {' '.join(('holytui', *names))}\n" if names else ".SH OPTIONS\n")[1]
        section = section.split("\n.S")[0]
        for action in arguments(parser):
            for option in action.option_strings:
                assert rf"\fB{option}\fR" in section, names
            assert action.option_strings == [] or action.help, names


@pytest.mark.parametrize("command", [["mandoc", "-Tlint"], ["groff", "-man", "-wall", "-z"]])
def test_the_page_has_no_mistake(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, input=man_page(), capture_output=True, text=True, timeout=20, check=False)
    found = (done.stdout + done.stderr).splitlines()
    assert [line for line in found if "missing date" not in line] == []  # builds are the same every day
