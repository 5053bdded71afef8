"""Ranked search in the guide's topics: BM25 (Robertson and Zaragoza 2009) over folded words and pairs of words.

Pairs matter for Vietnamese, where one word is often two syllables. A word of the title or the keywords counts for
several of the body (BM25F: weighted term frequencies).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from holytui.guide.topics import Topic, word_list
from holytui.text import fold

_K1, _B = 1.2, 0.6
_TITLE, _KEYWORDS, _BODY = 4, 5, 1
_WORDS_OF_A_QUESTION = 60
_WORD = re.compile(r"[^\W_]+")
_PAIR_WEIGHT = 0.7
_COMMON = 0.7
"""What a word weighs at least there: `mô hình` is in nearly every topic and yet what the question is about."""
_PHRASE = 0.6
"""The part of a question's words that a whole keyword must make up to be taken at its word: “who are you?”."""
_COVERED = 0.42
"""The part of a question's weight that title and keywords must have for the topic to be its answer."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A topic that was found."""

    topic: Topic
    score: float
    covered: float
    """The part of the question's weight (0 to 1) that the topic's title and keywords have."""

    @property
    def sure(self) -> bool:
        """The topic is about the question, not only a word of it."""
        return self.covered >= _COVERED


def terms(text: str) -> list[str]:
    """The words of `text` that carry a meaning, folded and without common endings."""
    stop = word_list("stop")
    return [_stem(word) for word in _WORD.findall(fold(text)) if word not in stop]


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        return word[:-3].rstrip("e")
    if len(word) > 4 and word.endswith("ed"):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1].removesuffix("e") if word.endswith(("ches", "shes", "xes")) else word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


def _with_pairs(words: Sequence[str]) -> list[str]:
    return [*words, *(f"{first} {second}" for first, second in pairwise(words))]


def _phrases(keywords: str) -> tuple[str, ...]:
    """The keywords of several words, folded."""
    folded = (" ".join(_WORD.findall(fold(keyword))) for keyword in keywords.split(","))
    return tuple(keyword for keyword in folded if " " in keyword)


class Index:
    """A fixed set of topics, searched by questions."""

    __slots__ = ("_average", "_counts", "_heads", "_idf", "_lengths", "_phrases", "_titles", "_topics", "_unknown")

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._topics = tuple(topics)
        self._counts: list[Counter[str]] = []
        self._heads: list[frozenset[str]] = []
        for topic in self._topics:
            count: Counter[str] = Counter()
            heads: set[str] = set()
            fields = [(topic.title, _TITLE), *((word, _KEYWORDS) for word in topic.keywords.split(","))]
            for text, weight in fields:
                for term in (found := _with_pairs(terms(text))):
                    count[term] += weight
                heads.update(found)
            for term in _with_pairs(terms(topic.body)):
                count[term] += _BODY
            self._counts.append(count)
            self._heads.append(frozenset(heads))
        self._titles = [frozenset(terms(topic.title)) for topic in self._topics]
        self._phrases = [_phrases(f"{topic.title}, {topic.keywords}") for topic in self._topics]
        self._lengths = [sum(count.values()) for count in self._counts]
        self._average = sum(self._lengths) / max(1, len(self._lengths))
        having = Counter(term for count in self._counts for term in count)
        total = len(self._topics)
        self._idf = {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in having.items()}
        self._unknown = math.log(1 + total + 0.5)

    def find(self, question: str) -> list[Hit]:
        """The topics that have anything of `question`, best first; of equals the earlier one first."""
        words = terms(question)[:_WORDS_OF_A_QUESTION]
        singles = set(words)
        weight = sum(self._weight(word) for word in singles)
        said = " ".join(_WORD.findall(fold(question)))
        hits = []
        for number, topic in enumerate(self._topics):
            score = sum(self._score(term, number) * (_PAIR_WEIGHT if " " in term else 1) for term in _with_pairs(words))
            score += sum(self._idf[word] for word in self._titles[number]) if self._titles[number] <= singles else 0
            phrase = self._phrase(said, number)
            if score + phrase > 0:
                told = sum(self._weight(word) for word in singles if word in self._heads[number])
                hits.append(Hit(topic, score + self._unknown * phrase, max(phrase, told / weight if weight else 0)))
        return sorted(hits, key=lambda hit: (-(hit.score * (0.5 + hit.covered)), hit.topic.title))

    def related(self, topic: Topic) -> list[Topic]:
        """The other topics, those closest to `topic` first."""
        return [hit.topic for hit in self.find(f"{topic.title} {topic.keywords}") if hit.topic.name != topic.name]

    def _weight(self, word: str) -> float:
        return max(_COMMON, self._idf.get(word, self._unknown))

    def _phrase(self, said: str, number: int) -> float:
        """1 if a keyword of several words is nearly all that was said, else 0."""
        for phrase in self._phrases[number]:
            if f" {phrase} " in f" {said} " and phrase.count(" ") + 1 >= _PHRASE * (said.count(" ") + 1):
                return 1.0
        return 0.0

    def _score(self, term: str, number: int) -> float:
        count = self._counts[number].get(term, 0)
        if not count:
            return 0.0
        long = 1 - _B + _B * self._lengths[number] / self._average
        return self._idf[term] * count * (_K1 + 1) / (count + _K1 * long)
