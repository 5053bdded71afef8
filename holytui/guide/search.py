"""Ranked search in the topics: BM25 (Robertson and Zaragoza 2009) over folded words and pairs of words.

Pairs matter for Vietnamese, where a word often has two syllables. Words of the title and the keywords weigh more than
those of the body (BM25F: weighted term frequencies).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from holytui.guide.topics import GuideTopic, word_list
from holytui.text import fold

_K1, _B = 1.2, 0.6
_TITLE_WEIGHT, _KEYWORD_WEIGHT, _BODY_WEIGHT = 4, 5, 1
_MAX_WORDS = 60
_WORD = re.compile(r"[^\W_]+")
_PAIR_WEIGHT = 0.7
_MIN_WEIGHT = 0.7
"""The least weight of a word in `covered`: `mô hình` is in nearly every topic, and questions are about it."""
_PHRASE = 0.6
"""The share of a question's words from which a keyword of several words is the question: “who are you?”."""
_COVERED = 0.42
"""The share of a question's weight that title and keywords need for the topic to be its answer."""


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """A topic with words of the question."""

    topic: GuideTopic
    score: float
    covered: float
    """The share of the question's weight (0 to 1) that title and keywords have."""

    @property
    def sure(self) -> bool:
        """The topic is about the question, not only about a word of it."""
        return self.covered >= _COVERED


def terms(text: str) -> list[str]:
    """Return the words of `text` without stop words, folded and stemmed."""
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
    """Return the keywords of several words, folded."""
    folded = (" ".join(_WORD.findall(fold(keyword))) for keyword in keywords.split(","))
    return tuple(keyword for keyword in folded if " " in keyword)


class Index:
    """A fixed set of topics that questions search."""

    __slots__ = ("_average", "_counts", "_heads", "_idf", "_lengths", "_phrases", "_titles", "_topics", "_unknown")

    def __init__(self, topics: Sequence[GuideTopic]) -> None:
        self._topics = tuple(topics)
        self._counts: list[Counter[str]] = []
        self._heads: list[frozenset[str]] = []
        for topic in self._topics:
            count: Counter[str] = Counter()
            heads: set[str] = set()
            fields = [(topic.title, _TITLE_WEIGHT), *((word, _KEYWORD_WEIGHT) for word in topic.keywords.split(","))]
            for text, weight in fields:
                for term in (found_terms := _with_pairs(terms(text))):
                    count[term] += weight
                heads.update(found_terms)
            for term in _with_pairs(terms(topic.body)):
                count[term] += _BODY_WEIGHT
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

    def find(self, question: str) -> list[TopicMatch]:
        """Return the topics with words of `question`, best first; equals by title."""
        words = terms(question)[:_MAX_WORDS]
        singles = set(words)
        weight = sum(self._weight(word) for word in singles)
        folded = " ".join(_WORD.findall(fold(question)))
        hits = []
        for number, topic in enumerate(self._topics):
            score = sum(self._score(term, number) * (_PAIR_WEIGHT if " " in term else 1) for term in _with_pairs(words))
            score += sum(self._idf[word] for word in self._titles[number]) if self._titles[number] <= singles else 0
            phrase = self._phrase(folded, number)
            if score + phrase > 0:
                covered = sum(self._weight(word) for word in singles if word in self._heads[number])
                hits.append(
                    TopicMatch(topic, score + self._unknown * phrase, max(phrase, covered / weight if weight else 0))
                )
        return sorted(hits, key=lambda hit: (-(hit.score * (0.5 + hit.covered)), hit.topic.title))

    def related(self, topic: GuideTopic) -> list[GuideTopic]:
        """Return the other topics, the closest to `topic` first."""
        return [hit.topic for hit in self.find(f"{topic.title} {topic.keywords}") if hit.topic.name != topic.name]

    def _weight(self, word: str) -> float:
        return max(_MIN_WEIGHT, self._idf.get(word, self._unknown))

    def _phrase(self, question: str, number: int) -> float:
        """Return 1 if a keyword of several words is nearly the whole question, else 0."""
        for phrase in self._phrases[number]:
            if f" {phrase} " in f" {question} " and phrase.count(" ") + 1 >= _PHRASE * (question.count(" ") + 1):
                return 1.0
        return 0.0

    def _score(self, term: str, number: int) -> float:
        count = self._counts[number].get(term, 0)
        if not count:
            return 0.0
        long = 1 - _B + _B * self._lengths[number] / self._average
        return self._idf[term] * count * (_K1 + 1) / (count + _K1 * long)
