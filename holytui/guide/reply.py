"""One reply: an answer on its way over a connection at the pace of a model, and going wrong as its plan says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holytui.guide import faults
from holytui.guide.asked import Asked
from holytui.guide.faults import Ending, Mode, Plan, Saying
from holytui.guide.http11 import Writer
from holytui.guide.protocol import ChatCall, Envelope, tokens, usage

_CUT_AT = 0.4
"""The part of what is to be said after which a fault comes."""
_ECHOED_WORDS = 6
_SLOW_STEPS, _SLOW_STEP = 2, 30
"""A slow token comes after so many keep-alives, each of which takes the time of so many tokens."""
_DRIFT_FROM = 0.75
"""The part of the old text, at least 200 characters, that a drifting restart says alike."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a reply says."""

    reasoning: tuple[str, ...]
    content: tuple[str, ...]
    finish: str

    @classmethod
    def write(cls, asked: Asked, plan: Plan, limit: int | None, apology: str) -> Script:
        """The tokens of the reply to `asked`, at most `limit`; `apology` if there is nothing to continue."""
        reasoning = tokens(asked.answer.reasoning) if asked.mode is Mode.FRESH else []
        content = tokens(_text(asked, plan.saying, apology))
        if limit is None or limit >= len(reasoning) + len(content):
            return cls(tuple(reasoning), tuple(content), "stop")
        return cls(tuple(reasoning[:limit]), tuple(content[: max(0, limit - len(reasoning))]), "length")


def _text(asked: Asked, saying: Saying, apology: str) -> str:
    left = asked.left
    if left is None:
        return apology
    match saying:
        case Saying.SURE:
            return f"Sure, continuing:\n\n{left.lstrip()}"
        case Saying.ECHO:
            return _last_words(asked.said, _ECHOED_WORDS) + left
        case Saying.RESTART:
            return asked.answer.text
        case Saying.DRIFT:
            return _drift(asked.answer.text, len(asked.said))
        case Saying.EXACT:
            return left


def _last_words(text: str, count: int) -> str:
    """The end of `text` from the beginning of its `count`th last word on."""
    start = len(text)
    for _word in range(count):
        start = len(text[:start].rstrip())
        while start > 0 and not text[start - 1].isspace():
            start -= 1
    return text[start:]


def _drift(text: str, said: int) -> str:
    """`text`, with words in it that were not there, within the part that had been said."""
    at = min(said, max(200, int(said * _DRIFT_FROM)))
    while at < said and not text[at].isspace():
        at += 1
    return f"{text[:at]} (…){text[at:]}"


class Reply:
    """Sends a script over `writer`; any method may raise OSError when the client has left."""

    __slots__ = ("_envelope", "_pause", "_script", "_vanish", "_writer")

    def __init__(
        self,
        writer: Writer,
        envelope: Envelope,
        script: Script,
        pause: Callable[[float], None],
        vanish: Callable[[], None],
    ) -> None:
        self._writer = writer
        self._envelope = envelope
        self._script = script
        self._pause = pause
        """Waits for the time of so many tokens."""
        self._vanish = vanish
        """Makes the server of the offline model go away for some time."""

    def whole(self, call: ChatCall) -> None:
        """The answer as one JSON object."""
        script = self._script
        figures = usage(call.turns, len(script.content), len(script.reasoning))
        text, reasoning = "".join(script.content), "".join(script.reasoning)
        self._writer.json(200, self._envelope.whole(text, reasoning, script.finish, figures))

    def stream(self, call: ChatCall, plan: Plan) -> None:
        """The answer as an event stream; it ends as `plan` says."""
        script, writer = self._script, self._writer
        writer.begin(chunked=plan.ending is not Ending.CLOSE)
        self._say({"role": "assistant", "content": ""})
        self._pause(10)
        for piece in script.reasoning:
            self._wait(plan.slow)
            self._say({"reasoning_content": piece})
        whole = plan.ending in (Ending.WHOLE, Ending.DETACH)
        # a fault comes after something, where there is anything, and before the end
        middle = max(1, int(len(script.content) * _CUT_AT))
        for number, piece in enumerate(script.content[: None if whole else middle]):
            if plan.ending is Ending.DETACH and number == middle:
                writer.detach()
            self._wait(plan.slow)
            self._say({"content": piece})
        if not whole:
            self._break(plan.ending)
            return
        self._say({}, script.finish)
        if call.include_usage:
            writer.event(self._envelope.usage(usage(call.turns, len(script.content), len(script.reasoning))))
        writer.event("[DONE]")
        writer.end()

    def _say(self, delta: dict[str, str], finish: str | None = None) -> None:
        self._writer.event(self._envelope.delta(delta, finish))

    def _wait(self, slow: bool) -> None:
        if slow:
            for _step in range(_SLOW_STEPS):
                self._pause(_SLOW_STEP)
                self._writer.comment("keep-alive")
        else:
            self._pause(1)

    def _break(self, ending: Ending) -> None:
        writer = self._writer
        match ending:
            case Ending.RESET:
                writer.reset()
            case Ending.FIN | Ending.CLOSE:
                writer.cut()
            case Ending.STALL:
                writer.hold()
            case Ending.VANISH:
                self._vanish()
                writer.reset()
            case Ending.GARBLE:
                writer.garble()
            case Ending.ERROR:
                writer.event(faults.broken().in_band())
                writer.event("[DONE]")
                writer.end()
            case Ending.EXPIRE:
                writer.event(faults.expired().in_band())
                writer.end()
            case Ending.WHOLE | Ending.DETACH:
                raise AssertionError(ending)
