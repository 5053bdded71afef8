"""The guide itself: a conversation goes in, an answer comes out, always the same one. It looks up and never guesses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from holytui.guide.chat_api import Turn
from holytui.guide.key_questions import asked_keys, meanings, spelled
from holytui.guide.language import language_of
from holytui.guide.phrases import PHRASES
from holytui.guide.recitals import recite
from holytui.guide.request import Answer
from holytui.guide.search import Index
from holytui.guide.topics import Topic, fill, load
from holytui.text import fold

_GREETING = re.compile(
    r"(?:hello|hi|hey|hi there|hello there|good (?:morning|evening|afternoon|day)|greetings|xin chao|chao|chao ban|alo|"
    r"hello ban|hi ban|chao buoi (?:sang|toi|chieu)|test|ping)"
)
_MORE = re.compile(
    r"(?:tell me |show me )?(?:some )?more|(?:what|anything|something) else|and\??|go on|more please|see also|related|"
    r"(?:con|co) gi (?:nua|khac)(?: khong)?|con nua khong|them nua|nua di|noi them|ke them|lien quan"
)
_ALL = re.compile(
    r"(?:list )?(?:all )?topics|what (?:can|do) you (?:do|know)|what can i ask(?: you)?|"
    r"(?:cac )?chu de|ban biet (?:nhung )?gi|hoi duoc gi"
)
_RELATED_SHORT, _RELATED_LONG = 2, 4


@cache
def _index(language: str) -> Index:
    return Index(load(language))


class Guide:
    """Answers conversations. `keys` says how the keys in force are shown; safe to use from several threads."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Mapping[str, str] = MappingProxyType({})) -> None:
        self._keys = dict(keys)

    def answer(self, turns: Sequence[Turn]) -> Answer:
        """The answer to `turns`, of which the last is a question; the first answer says who is speaking."""
        questions = [turn.text for turn in turns if turn.role == "user"]
        language = language_of(reversed(questions))
        said = PHRASES[language]
        found = self._find(questions, language)
        text = fill(found.text if found else said.unknown, self._keys)
        first = not any(turn.role == "assistant" and turn.text for turn in turns)
        if found is None:
            return Answer(text)
        return Answer(f"{said.intro}\n\n{text}" if first else text, found.reasoning)

    def apology(self, turns: Sequence[Turn]) -> str:
        """What is said when a text is to be continued that is not the beginning of the answer."""
        return PHRASES[language_of(turn.text for turn in reversed(turns) if turn.role == "user")].apology

    def _find(self, questions: Sequence[str], language: str) -> Answer | None:
        question = questions[-1].strip()
        plain = " ".join(fold(question).strip(" ?!.…,").split())
        said = PHRASES[language]
        if not plain or _GREETING.fullmatch(plain):
            return Answer(said.welcome)
        if _ALL.fullmatch(plain):
            return Answer(_list(load(language)))
        if _MORE.fullmatch(plain):
            return self._more(questions[:-1], language)
        if keys := asked_keys(question):
            return Answer(self._about_keys(keys, language))
        if recited := recite(question, language):
            return recited
        topic = _topic(question, language)
        return Answer(_told(topic, language)) if topic else None

    def _about_keys(self, keys: Sequence[str], language: str) -> str:
        said = PHRASES[language]
        rows, free = [], []
        for key in keys:
            known = meanings(key, language, self._keys)
            rows += [f"- **{shown}** – {text} *({section})*" for section, shown, text in known]
            if not known:
                free.append(_say(said.key_free, name=f"**{spelled(key)}**"))
        return "\n\n".join([*([f"{said.key_means}\n\n" + "\n".join(dict.fromkeys(rows))] if rows else []), *free])

    def _more(self, earlier: Sequence[str], language: str) -> Answer:
        """What belongs to the last topic and was not told yet."""
        topics = [topic for question in earlier if (topic := _topic(question, language))]
        if not topics:
            return Answer(_list(load(language)))
        told = {topic.name for topic in topics}
        related = [topic for topic in _index(language).related(topics[-1]) if topic.name not in told]
        said = PHRASES[language]
        if not related:
            return Answer(said.nothing_more)
        return Answer(_say(said.more, topic=topics[-1].title, topics=_list(related[:_RELATED_LONG])))


def _topic(question: str, language: str) -> Topic | None:
    """The topic that answers `question`, if one surely does."""
    return next((hit.topic for hit in _index(language).find(question)[:3] if hit.sure), None)


def _told(topic: Topic, language: str) -> str:
    also = ", ".join(other.title for other in _index(language).related(topic)[:_RELATED_SHORT])
    return f"# {topic.title}\n\n{topic.body}\n\n{PHRASES[language].related.format(topics=also)}"


def _list(topics: Sequence[Topic]) -> str:
    return "\n".join(f"- {topic.title}" for topic in topics)


def _say(text: str, **values: str) -> str:
    """`text` with `{name}` filled in; key placeholders stay for `fill`."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
