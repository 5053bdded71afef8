"""The Vietnamese catalogue is whole and says what the code says. `make words` takes in what is new."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from holytui.engine.hints import with_commands, without_keys

import holytui

PACKAGE = Path(holytui.__file__).parent
SOURCE = PACKAGE / "locale" / "vi" / "LC_MESSAGES" / "holytui.po"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
HOLE = re.compile(r"\{+\w*\}+|%\(\w+\)[rsd]|%[rsd]")
"""`{name}`, also doubled to be filled in later, and argparse's `%(name)s`."""
AS_IT_IS = re.compile(
    r"`[^`]+`|\$[A-Z]+|--\w+|https?://\S*|\b[A-Z][A-Z_]*_[A-Z_]+\b|(?<![\w{])[a-z]+_[a-z_]+\b"
    r"|\[\w+\]|\[providers\.[^ ]+"
    r"|\b(?:Esc|Enter|Tab|F\d+|Ctrl\+\w|TERM|TMPDIR|OSC 52|UTF-8|JSON)\b|(?<![\w/.])/[a-z]+\b"
)
"""Commands, variables, options, keys of the configuration and of the keyboard, addresses: never translated."""
MARKUP = re.compile(r"\[/?[a-z$@#][a-z$@# -]*\]|<[a-z/]")
ENDS = (".", "?", "…", ":", ")", " ", "\n")


@cache
def catalogue() -> Catalog:
    with SOURCE.open("rb") as file:
        return read_po(file)


def pairs() -> Iterator[tuple[str, str]]:
    """Every message with its translation; of a plural its second form, as Vietnamese has only that of many."""
    for message in catalogue():
        if message.id:
            sources, forms = (one if isinstance(one, tuple) else (one,) for one in (message.id, message.string))
            yield str(sources[-1]), str((forms or ("",))[0] or "")


@pytest.fixture(scope="module")
def extracted() -> set[str | tuple[str, ...]]:
    """What `make words` finds in the code."""
    found = extract_from_dir(PACKAGE, method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def test_all_words_of_the_code_are_in_the_catalogue(extracted: set[str | tuple[str, ...]]) -> None:
    known = {message.id for message in catalogue()}
    assert sorted(map(str, extracted - known)) == []


def test_no_words_hide_where_the_extraction_does_not_look(extracted: set[str | tuple[str, ...]]) -> None:
    """Within an f-string it finds none on every version of Python."""
    marked: set[str | tuple[str, ...]] = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="_" | "N_"), args=[ast.Constant(value=str(one))]):
                    marked.add(one)
                case ast.Call(
                    func=ast.Name(id="ngettext"),
                    args=[ast.Constant(value=str(one)), ast.Constant(value=str(many)), *_],
                ):
                    marked.add((one, many))
    assert sorted(map(str, marked - extracted)) == []


def test_the_catalogue_has_no_words_that_the_code_has_not(extracted: set[str | tuple[str, ...]]) -> None:
    known = {message.id for message in catalogue() if message.id}
    assert sorted(map(str, known - extracted)) == []
    assert list(catalogue().obsolete) == []


def test_every_message_is_translated() -> None:
    assert [source for source, translation in pairs() if not translation.strip()] == []
    assert [message.id for message in catalogue() if message.id and message.fuzzy] == []


def test_placeholders_are_the_same_on_both_sides() -> None:
    wrong = [(one, two) for one, two in pairs() if Counter(HOLE.findall(one)) != Counter(HOLE.findall(two))]
    assert wrong == []


def test_both_forms_of_a_plural_have_the_same_placeholders() -> None:
    plurals = [message.id for message in catalogue() if isinstance(message.id, tuple)]
    assert plurals
    # "this conversation" needs no number
    assert [one for one in plurals if not set(HOLE.findall(one[0])) <= set(HOLE.findall(one[1]))] == []


def test_commands_keys_and_names_are_not_translated() -> None:
    wrong = [(one, two) for one, two in pairs() if Counter(AS_IT_IS.findall(one)) - Counter(AS_IT_IS.findall(two))]
    assert [pair for pair in wrong if not pair[0].startswith("[")] == []  # "[image]" is a word
    letters = re.compile(r"\bPress ([a-z])\b|\bpress ([a-z])\b")
    for one, two in pairs():
        for groups in letters.findall(one):
            key = "".join(groups)
            assert re.search(rf"nhấn {key}\b", two, re.IGNORECASE), one


def test_hints_can_do_without_the_keys_of_the_screen_in_both_languages() -> None:
    """`ask`, `check` and plain mode take the keys out of the hints, by the words around them."""
    places = {message.id: {place for place, _line in message.locations} for message in catalogue()}
    hints = [pair for pair in pairs() if "holytui/engine/problems.py" in places.get(pair[0], ())]
    assert any("F2" in two for _one, two in hints)
    key = re.compile(r"\bF\d\b|\bnhấn [a-z]\b", re.IGNORECASE)
    for one, two in hints:
        assert not key.search(without_keys(two)), one
        assert not key.search(with_commands(two)), one
        assert bool(without_keys(two)) == bool(without_keys(one)), one
        assert bool(with_commands(two)) == bool(with_commands(one)), one
        assert Counter(re.findall(r"/[a-z]+\b", with_commands(one))) == Counter(
            re.findall(r"/[a-z]+\b", with_commands(two))
        ), one


def test_translations_have_no_markup_and_no_control_characters() -> None:
    for one, two in pairs():
        assert set(MARKUP.findall(two)) <= set(MARKUP.findall(one)), one
        assert not [char for char in two if unicodedata.category(char) in ("Cc", "Cf") and char not in one], one


def test_translations_are_composed_unicode() -> None:
    assert [two for _one, two in pairs() if not unicodedata.is_normalized("NFC", two)] == []


def test_a_translation_begins_and_ends_as_its_source_does() -> None:
    for one, two in pairs():
        assert one[:1].isspace() == two[:1].isspace(), one
        for end in ENDS:
            assert one.endswith(end) == two.endswith(end), one


def test_terms_are_those_of_the_glossary() -> None:
    """The two that a translator is most likely to write in another way."""
    wrong = ("khoá", "xoá", "chìa khóa", "hội thoại", "tin nhắn hệ thống", "lời nhắc")
    assert [two for _one, two in pairs() if any(word in two.casefold() for word in wrong)] == []


def test_words_are_marked_where_babel_sees_them() -> None:
    wrong = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
                wrong += [
                    f"{file.name}:{node.lineno}" for one in node.args if isinstance(one, ast.JoinedStr | ast.BinOp)
                ]
    assert wrong == []


def test_the_file_holds_nothing_of_the_machine_it_was_made_on() -> None:
    text = SOURCE.read_text("utf-8")
    head = text.split("\n\n")[0]
    assert '"Plural-Forms: nplurals=1; plural=0;\\n"' in head
    assert not re.search(r"Date|Translator:|Generated|Project-Id|@", head)
    places = [line[3:].split() for line in text.splitlines() if line.startswith("#: ")]
    assert all(re.fullmatch(r"holytui/[\w/]+\.py", place) for line in places for place in line)


def test_it_can_be_compiled(tmp_path: Path) -> None:
    import gettext

    with (tmp_path / "holytui.mo").open("wb") as file:
        write_mo(file, catalogue())
    with (tmp_path / "holytui.mo").open("rb") as file:
        words = gettext.GNUTranslations(file)
    assert words.ngettext("{count} hour", "{count} hours", 1) == "{count} giờ"
