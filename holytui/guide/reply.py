"""The reply to a chat request: sent at the pace of a model, with the fault of its plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holytui.guide import faults
from holytui.guide.chat_api import ChatCall, Envelope, tokenize, usage
from holytui.guide.faults import ContinuationText, FaultPlan, ReplyEnd, RequestMode
from holytui.guide.request import GuideRequest
from holytui.guide.response_writer import ResponseWriter

_CUT_AT = 0.4
"""The share of the text that is sent before a fault."""
_ECHOED_WORDS = 6
_SLOW_STEPS, _SLOW_STEP = 2, 30
"""Keep-alives before a slow token, and the time of each in tokens."""
_DRIFT_FROM = 0.75
"""The share of the old text, at least 200 characters, that a drifting restart repeats."""


@dataclass(frozen=True, slots=True)
class Script:
    """The tokens of a reply."""

    reasoning: tuple[str, ...]
    content: tuple[str, ...]
    finish: str

    @classmethod
    def compose(cls, request: GuideRequest, plan: FaultPlan, limit: int | None, apology: str) -> Script:
        """Compose the reply to `request` of at most `limit` tokens; `apology` if it cannot be continued."""
        reasoning = tokenize(request.answer.reasoning) if request.mode is RequestMode.FRESH else []
        content = tokenize(_text(request, plan.continuation, apology))
        if limit is None or limit >= len(reasoning) + len(content):
            return cls(tuple(reasoning), tuple(content), "stop")
        return cls(tuple(reasoning[:limit]), tuple(content[: max(0, limit - len(reasoning))]), "length")


def _text(request: GuideRequest, continuation: ContinuationText, apology: str) -> str:
    rest = request.rest
    if rest is None:
        return apology
    match continuation:
        case ContinuationText.SURE:
            return f"Sure, continuing:\n\n{rest.lstrip()}"
        case ContinuationText.ECHO:
            return _last_words(request.prefix, _ECHOED_WORDS) + rest
        case ContinuationText.RESTART:
            return request.answer.text
        case ContinuationText.DRIFT:
            return _drift(request.answer.text, len(request.prefix))
        case ContinuationText.EXACT:
            return rest


def _last_words(text: str, count: int) -> str:
    """Return the last `count` words of `text`."""
    start = len(text)
    for _word in range(count):
        start = len(text[:start].rstrip())
        while start > 0 and not text[start - 1].isspace():
            start -= 1
    return text[start:]


def _drift(text: str, sent: int) -> str:
    """Insert words into the first `sent` characters of `text`."""
    at = min(sent, max(200, int(sent * _DRIFT_FROM)))
    while at < sent and not text[at].isspace():
        at += 1
    return f"{text[:at]} (…){text[at:]}"


class ReplySender:
    """Sends a script. Its methods raise OSError when the client has closed the connection."""

    __slots__ = ("_envelope", "_pause", "_script", "_vanish", "_writer")

    def __init__(
        self,
        writer: ResponseWriter,
        envelope: Envelope,
        script: Script,
        pause: Callable[[float], None],
        vanish: Callable[[], None],
    ) -> None:
        self._writer = writer
        self._envelope = envelope
        self._script = script
        self._pause = pause
        """Waits for the time of a number of tokens."""
        self._vanish = vanish
        """Makes the server of the offline model refuse connections for a time."""

    def complete(self, call: ChatCall) -> None:
        """Send the answer as one JSON object."""
        script = self._script
        counts = usage(call.messages, len(script.content), len(script.reasoning))
        text, reasoning = "".join(script.content), "".join(script.reasoning)
        self._writer.json(200, self._envelope.complete(text, reasoning, script.finish, counts))

    def stream(self, call: ChatCall, plan: FaultPlan) -> None:
        """Send the answer as an event stream, with the ending of `plan`."""
        script, writer = self._script, self._writer
        writer.begin(chunked=plan.ending is not ReplyEnd.CLOSE)
        self._send({"role": "assistant", "content": ""})
        self._pause(10)
        for piece in script.reasoning:
            self._wait(plan.slow)
            self._send({"reasoning_content": piece})
        complete = plan.ending in (ReplyEnd.WHOLE, ReplyEnd.DETACH)
        # a fault comes after at least one token, if there is one, and before the end
        middle = max(1, int(len(script.content) * _CUT_AT))
        for number, piece in enumerate(script.content[: None if complete else middle]):
            if plan.ending is ReplyEnd.DETACH and number == middle:
                writer.detach()
            self._wait(plan.slow)
            self._send({"content": piece})
        if not complete:
            self._break(plan.ending)
            return
        self._send({}, script.finish)
        if call.include_usage:
            writer.event(self._envelope.usage(usage(call.messages, len(script.content), len(script.reasoning))))
        writer.event("[DONE]")
        writer.end()

    def _send(self, delta: dict[str, str], finish: str | None = None) -> None:
        self._writer.event(self._envelope.delta(delta, finish))

    def _wait(self, slow: bool) -> None:
        if slow:
            for _step in range(_SLOW_STEPS):
                self._pause(_SLOW_STEP)
                self._writer.comment("keep-alive")
        else:
            self._pause(1)

    def _break(self, ending: ReplyEnd) -> None:
        writer = self._writer
        match ending:
            case ReplyEnd.RESET:
                writer.reset()
            case ReplyEnd.FIN | ReplyEnd.CLOSE:
                writer.cut()
            case ReplyEnd.STALL:
                writer.hold()
            case ReplyEnd.VANISH:
                self._vanish()
                writer.reset()
            case ReplyEnd.GARBLE:
                writer.garble()
            case ReplyEnd.ERROR:
                writer.event(faults.broken().in_band())
                writer.event("[DONE]")
                writer.end()
            case ReplyEnd.EXPIRE:
                writer.event(faults.expired().in_band())
                writer.end()
            case ReplyEnd.WHOLE | ReplyEnd.DETACH:
                raise AssertionError(ending)
