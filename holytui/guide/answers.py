"""The answers of the guide: looked up in its topics, and the same for the same conversation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from holytui.guide.chat_api import GuideMessage
from holytui.guide.key_questions import format_key, keys_in_question, meanings
from holytui.guide.language import language_of
from holytui.guide.phrases import PHRASES
from holytui.guide.recitals import recite
from holytui.guide.request import GuideAnswer
from holytui.guide.search import Index
from holytui.guide.topics import GuideTopic, fill, load
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
    """Answers conversations. `keys` maps action ids to the keys to show. Thread-safe."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Mapping[str, str] = MappingProxyType({})) -> None:
        self._keys = keys

    def answer(self, messages: Sequence[GuideMessage]) -> GuideAnswer:
        """Answer the question that ends `messages`; the first answer of a conversation introduces the guide."""
        questions = [message.text for message in messages if message.role == "user"]
        language = language_of(reversed(questions))
        phrases = PHRASES[language]
        found = self._find(questions, language)
        text = fill(found.text if found else phrases.unknown, self._keys)
        first = not any(message.role == "assistant" and message.text for message in messages)
        if found is None:
            return GuideAnswer(text)
        return GuideAnswer(f"{phrases.intro}\n\n{text}" if first else text, found.reasoning)

    def apology(self, messages: Sequence[GuideMessage]) -> str:
        """Return the answer to a prefill that the guide did not write."""
        return PHRASES[language_of(message.text for message in reversed(messages) if message.role == "user")].apology

    def _find(self, questions: Sequence[str], language: str) -> GuideAnswer | None:
        question = questions[-1].strip()
        plain = " ".join(fold(question).strip(" ?!.…,").split())
        phrases = PHRASES[language]
        if not plain or _GREETING.fullmatch(plain):
            return GuideAnswer(phrases.welcome)
        if _ALL.fullmatch(plain):
            return GuideAnswer(_list(load(language)))
        if _MORE.fullmatch(plain):
            return self._more(questions[:-1], language)
        if keys := keys_in_question(question):
            return GuideAnswer(self._about_keys(keys, language))
        if recited := recite(question, language):
            return recited
        topic = _topic(question, language)
        return GuideAnswer(_topic_text(topic, language)) if topic else None

    def _about_keys(self, keys: Sequence[str], language: str) -> str:
        phrases = PHRASES[language]
        rows, unbound = [], []
        for key in keys:
            actions = meanings(key, language, self._keys)
            rows += [f"- **{shown}** – {text} *({section})*" for section, shown, text in actions]
            if not actions:
                unbound.append(_substitute(phrases.key_free, name=f"**{format_key(key)}**"))
        return "\n\n".join([*([f"{phrases.key_means}\n\n" + "\n".join(dict.fromkeys(rows))] if rows else []), *unbound])

    def _more(self, earlier: Sequence[str], language: str) -> GuideAnswer:
        """List the topics related to the last one that were not asked for yet."""
        topics = [topic for question in earlier if (topic := _topic(question, language))]
        if not topics:
            return GuideAnswer(_list(load(language)))
        asked = {topic.name for topic in topics}
        related = [topic for topic in _index(language).related(topics[-1]) if topic.name not in asked]
        phrases = PHRASES[language]
        if not related:
            return GuideAnswer(phrases.nothing_more)
        return GuideAnswer(_substitute(phrases.more, topic=topics[-1].title, topics=_list(related[:_RELATED_LONG])))


def _topic(question: str, language: str) -> GuideTopic | None:
    """Return the topic that is certainly about `question`, if there is one."""
    return next((hit.topic for hit in _index(language).find(question)[:3] if hit.sure), None)


def _topic_text(topic: GuideTopic, language: str) -> str:
    also = ", ".join(other.title for other in _index(language).related(topic)[:_RELATED_SHORT])
    return f"# {topic.title}\n\n{topic.body}\n\n{PHRASES[language].related.format(topics=also)}"


def _list(topics: Sequence[GuideTopic]) -> str:
    return "\n".join(f"- {topic.title}" for topic in topics)


def _substitute(text: str, **values: str) -> str:
    """Replace each `{name}` in `text`; the placeholders of keys stay for `fill`."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
