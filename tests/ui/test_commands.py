from __future__ import annotations

from holytui.keymap import ACTIONS, BY_ID, Where
from holytui.ui.composer.completion import NO_COMPLETIONS, completions_for
from holytui.ui.composer.path_completion import FolderEntry
from holytui.ui.slash_commands import COMMANDS, TAKES_WORDS, Alone, Command, Unknown, offered, parse


def test_every_command_is_an_action_and_no_action_has_two() -> None:
    assert set(COMMANDS.values()) <= set(BY_ID)
    assert len(set(COMMANDS.values())) == len(COMMANDS)


def test_every_action_of_the_screen_can_be_typed() -> None:
    wanted = {action.id for action in ACTIONS if action.where is Where.APP} - {"app.focus", "chat.interrupt"}
    assert wanted <= set(COMMANDS.values())


def test_a_line_that_begins_with_a_slash_is_a_command() -> None:
    assert parse("/new") == Command("chat.new")
    assert parse("/NEW ") == Command("chat.new")
    assert parse("what / is") == "what / is"


def test_an_unknown_command_is_told_with_the_nearest_one() -> None:
    assert parse("/modle") == Unknown("/modle", "model")
    assert parse("/modle guide/slow") == Unknown("/modle", "model")
    assert parse("/usr/bin/python is broken") == Unknown("/usr/bin/python", "")


def test_words_may_follow_a_command_that_takes_them() -> None:
    assert parse("/Model  guide/Slow ") == Command("model.pick", "guide/Slow")
    assert parse("/search hai từ") == Command("history.search", "hai từ")
    assert parse("/new things are hard") == Alone("/new")


def test_every_command_that_takes_words_exists() -> None:
    assert set(COMMANDS) >= TAKES_WORDS


def test_two_slashes_send_one() -> None:
    assert parse("//etc/hosts") == "/etc/hosts"


def test_several_lines_are_a_question_whatever_they_begin_with() -> None:
    assert parse("/usr/bin/python\nis broken") == "/usr/bin/python\nis broken"


def test_names_that_begin_so_are_offered_before_those_that_hold_it() -> None:
    assert offered("/co") == ["copy", "copyall", "continue", "continueall", "connect"]
    assert offered("/e")[:2] == ["earlier", "edit"]
    assert offered("/") == list(COMMANDS)
    assert offered("//") == offered("/copy now") == offered("copy") == []


def test_the_highlight_stays_on_its_item_while_the_list_shrinks() -> None:
    before = completions_for("/co", 3, only_line=True, entries_of=lambda _: None).moved(2)
    assert before.highlighted.text == "/continue"
    after = before.updated(completions_for("/con", 4, only_line=True, entries_of=lambda _: None))
    assert after.highlighted.text == "/continue"
    assert before.moved(-3).highlighted.text == "/connect"


def test_commands_are_offered_only_where_the_line_is_all_there_is() -> None:
    assert completions_for("/co", 3, only_line=False, entries_of=lambda _: None) == NO_COMPLETIONS
    assert completions_for("/co", 1, only_line=True, entries_of=lambda _: None) == NO_COMPLETIONS


def test_a_path_takes_the_place_of_what_is_typed_of_it() -> None:
    names = [FolderEntry("main.py", 3), FolderEntry("mail", None)]
    offer = completions_for(
        "see @src/ma", 11, only_line=True, entries_of=lambda folder: names if folder == "src/" else None
    )
    assert (offer.column, offer.typed) == (4, "@src/ma")
    assert [item.text for item in offer.items] == ["@src/main.py ", "@src/mail/"]
    assert not offer.is_typed
    assert completions_for("@src/main.py", 12, only_line=True, entries_of=lambda _: names).is_typed
