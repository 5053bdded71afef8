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

import holytui
from holytui import keymap
from holytui.commands.plain import input as plain_input
from holytui.hints import KEYLESS, MARK, ActionNames
from holytui.keymap import BY_ID, Where
from holytui.ui import bindings, slash_commands

PACKAGE = Path(holytui.__file__).parent
SOURCE = PACKAGE / "locale" / "vi" / "LC_MESSAGES" / "holytui.po"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
HOLE = re.compile(r"\{+(?:\w+:)?[\w.]*\}+|%\(\w+\)[rsd]|%[rsd]")
"""`{name}`, also doubled to be filled in later, `{key:action}`, and argparse's `%(name)s`."""
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
    def holes(text: str) -> Counter[str]:
        # another word order may put the verb elsewhere than at the beginning of the sentence
        return Counter(hole.replace("{Press:", "{press:") for hole in HOLE.findall(text))

    assert [(one, two) for one, two in pairs() if holes(one) != holes(two)] == []


def test_both_forms_of_a_plural_have_the_same_placeholders() -> None:
    plurals = [message.id for message in catalogue() if isinstance(message.id, tuple)]
    assert plurals
    # "this conversation" needs no number
    assert [one for one in plurals if not set(HOLE.findall(one[0])) <= set(HOLE.findall(one[1]))] == []


def test_commands_keys_and_names_are_not_translated() -> None:
    wrong = [(one, two) for one, two in pairs() if Counter(AS_IT_IS.findall(one)) - Counter(AS_IT_IS.findall(two))]
    assert [pair for pair in wrong if not pair[0].startswith("[")] == []  # "[image]" is a word


BARE_KEY = re.compile(
    r"\bF\d{1,2}\b|\b(?:Ctrl|Alt|Shift)\+\w|\b(?:Esc|Enter|Tab|Space|PgUp|PgDn|PageUp|PageDown|Backspace)\b"
    r"|\b(?i:press|hit|nhấn|bấm) (?!\{)\S"
)
"""The name of a key, or a verb that only a key follows."""
SIGNALS = re.compile(r"(?:press |nhấn )?\bCtrl\+[CD]\b", re.IGNORECASE)
"""The interrupt and the end of the input: the terminal's own, which no configuration changes."""


def marked() -> Iterator[tuple[str, str]]:
    """The messages that name keys, in both languages, each with its text in English."""
    for one, two in pairs():
        for text in (one, two):
            if MARK.search(text):
                yield one, text


def places() -> Iterator[tuple[str, ActionNames]]:
    """How messages are rendered at each place that shows them."""
    for where in Where:
        yield where.value, bindings.names(keymap.build_keymap({}), where)
    yield "plain", plain_input.names()
    yield "script", KEYLESS


def test_no_message_names_a_key_but_by_a_placeholder() -> None:
    wrong = []
    for pair in pairs():
        wrong += [text for text in pair if BARE_KEY.search(SIGNALS.sub("", text))]
    assert wrong == []


def test_every_placeholder_names_an_action_that_can_be_typed_on_the_screen() -> None:
    """So that a message is never without a way to follow it, whatever has the focus and is bound."""
    for one, text in marked():
        for _form, action in MARK.findall(text):
            assert action in BY_ID, one
            typed = action in slash_commands.COMMANDS.values()
            assert typed or BY_ID[action].where in (Where.APP, Where.PROMPT), one


def test_every_message_that_names_keys_renders_in_each_place() -> None:
    for one, text in marked():
        for place, names in places():
            shown = names.render(text)
            assert MARK.search(shown) is None, (one, place)
            assert BARE_KEY.search(shown) is None or place in {*Where}, (one, place)
            sentences = zip(text.split("\n"), one.split("\n"), strict=True)
            kept = [bool(names.render(here)) == bool(names.render(there)) for here, there in sentences]
            assert all(kept), (one, place)


def test_what_a_message_names_does_that_where_it_is_read() -> None:
    """A key is bound where it is shown; a command is one of the place's."""
    keys = keymap.build_keymap({})
    for _one, text in marked():
        for _form, action in MARK.findall(text):
            for where in Where:
                names = bindings.names(keys, where)
                if key := names.keys.get(action):
                    assert key in map(keymap.display_key, keys.keys_for(action))
                    assert BY_ID[action].where in (where, Where.APP)
                elif command := names.commands[action]:
                    assert slash_commands.parse(command) == slash_commands.Command(action)
            if command := plain_input.names().name_of(action):
                assert isinstance(plain_input.parse(command), plain_input.PlainCommand)


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
    """Those that a translator is most likely to write in another way."""
    wrong = (
        *("khoá", "xoá", "chìa khóa", "hội thoại", "tin nhắn hệ thống", "lời nhắc", "lời dẫn", "cất đi", "đã cất"),
        *("gấp lại", "để gấp", "chữ đầu", "phía trước", "không có ai"),
    )
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
