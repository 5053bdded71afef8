from __future__ import annotations

import re
import tomllib
import unicodedata

import pytest

from holytui import i18n, keymap
from holytui.config.presets import PRESETS
from holytui.guide.faults import FAULTS
from holytui.guide.language import LANGUAGES
from holytui.guide.phrases import PHRASES
from holytui.guide.topics import KEY_MARK, PATH_MARK, PATHS, GuideTopic, fill, key_rows, load, recital
from holytui.text import sanitize

RECITALS = ("kieu.md", "markdown.md", "reasoning.md", "images.txt")
TOPICS = [
    pytest.param(topic, language, id=f"{language}-{topic.name}") for language in LANGUAGES for topic in load(language)
]


def texts(language: str) -> list[str]:
    said = PHRASES[language]
    phrases = [getattr(said, name) for name in said.__slots__]
    recitals = [recital(language, file) for file in RECITALS]
    return [*phrases, *recitals, *(topic.body for topic in load(language))]


def test_every_topic_is_there_in_both_languages() -> None:
    english, vietnamese = ({topic.name for topic in load(language)} for language in LANGUAGES)
    assert english == vietnamese
    assert len(english) >= 24


def test_the_two_languages_name_the_same_keys() -> None:
    marks = [
        {topic.name: {mark[1] for mark in KEY_MARK.finditer(topic.body)} for topic in load(language)}
        for language in LANGUAGES
    ]
    assert marks[0] == marks[1]


@pytest.mark.parametrize(("topic", "language"), TOPICS)
def test_a_topic_has_a_title_keywords_and_a_body_of_some_length(topic: GuideTopic, language: str) -> None:
    assert topic.title
    assert len(topic.keywords.split(",")) >= 4
    # the topic on keys has a table for each place, with a row for each key
    assert (
        8
        <= len(topic.body.splitlines())
        <= (90 if topic.name != "keys" else 2 + 5 * len(keymap.Where) + len(keymap.BY_ID))
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_in_a_text_is_one_of_the_table(language: str) -> None:
    for text in texts(language):
        marks = KEY_MARK.findall(text)
        assert text.count("{key:") == len(marks)
        assert set(marks) <= set(keymap.BY_ID)
        assert set(PATH_MARK.findall(text)) <= set(PATHS)
        assert text.count("{path:") == len(PATH_MARK.findall(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_topic_on_keys_tells_about_every_key_once(language: str) -> None:
    told = [found[1] for row in key_rows(language) if (found := KEY_MARK.fullmatch(row.mark))]
    assert sorted(told) == sorted(keymap.BY_ID)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_needs_to_be_made_safe_or_composed(language: str) -> None:
    for text in texts(language):
        assert sanitize(text) == text
        assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(("topic", "language"), TOPICS)
def test_the_configuration_in_a_topic_is_valid_toml(topic: GuideTopic, language: str) -> None:
    for block in re.findall(r"```toml\n(.*?)```", topic.body, re.DOTALL):
        assert tomllib.loads(block)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_topic_on_faults_tells_about_every_fault(language: str) -> None:
    body = next(topic.body for topic in load(language) if topic.name == "faults")
    assert set(re.findall(r"^\| `guide/([a-z-]+)`", body, re.MULTILINE)) == set(FAULTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_topics_on_providers_name_the_presets_as_they_are(language: str) -> None:
    bodies = {topic.name: topic.body for topic in load(language)}
    for preset in PRESETS.values():
        if preset.key_env:
            assert f"| `{preset.name}` | `{preset.key_env}` |" in bodies["providers"]
        else:
            assert f"| `{preset.name}` | `{preset.base_url}` |" in bodies["ollama"]


def test_keys_in_force_take_the_place_of_the_defaults() -> None:
    text = "{key:chat.stop} {key:log.next_question} {key:log.previous_question} {key:app.help} {key:app.theme}"
    assert fill(text, {"chat.stop": "Ctrl+X", "app.help": ""}) == "Ctrl+X } { – /theme"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_topic_on_keys_says_what_the_table_of_keys_says(language: str) -> None:
    before = i18n.language()
    i18n.set_language(language)
    try:
        for row in key_rows(language):
            action = KEY_MARK.fullmatch(row.mark)
            assert action is not None
            assert row.text.replace("`", "") == i18n._(keymap.BY_ID[action[1]].help)
    finally:
        i18n.set_language(before)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_names_a_key_that_can_be_changed_but_by_a_placeholder(language: str) -> None:
    bare = re.compile(r"\bF\d{1,2}\b|\bCtrl\+[DFJL]\b|\b(?:press|nhấn) \w\b")
    prose = [re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL) for text in texts(language)]
    assert [found for text in prose for found in bare.findall(text)] == []
