"""Recovery on a real model server: answers cut at random bytes, brought home by the engine, and compared.

    python -m benchmarks.cuts prefill  [--cuts N] [--server http://127.0.0.1:8080 --record FILE]
    python -m benchmarks.cuts instruct [--cuts N] [--server http://127.0.0.1:8080 --record FILE]

Every answer is asked for at temperature 0. The first response is the recorded one, cut by a reset or a plain end at a
uniformly random byte of its text (one in five of the continuations is cut once more); what follows is the server's.
Without a server the responses are those that were recorded from a real one (`benchmarks/recorded`), found by their
requests; with one, responses that are not recorded are asked for, one at a time, and kept in FILE, so that a run can be
stopped and gone on with. Results by verdict:

exact        the text of the uninterrupted answer, complete, without a mark
right        the same, but marked
other words  the join is right (the first words after it are those of the uninterrupted answer), the rest differs
truncated    a proper beginning of the uninterrupted answer, called complete
wrong        words lost, doubled or garbled at the join, or words of our own instruction
unclear      complete with other words right after the join: to be read (--show)
interrupted  not called complete
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from random import Random

from benchmarks.prompts import PROMPTS
from benchmarks.recorder import Cut, Recorder, Recording, Recordings
from holytui.config.schema import Config, Model, Provider, Stream
from holytui.credentials.keyring import KeyRings
from holytui.engine import events as ev
from holytui.engine.engine import Engine
from holytui.engine.resume.strategy import ResumeMode, resume_profile_key
from holytui.models import AnswerState
from holytui.store.sqlite.history import SqliteHistory
from holytui.wire.client import ChatClient

MODEL = "qwen"
PARAMS: dict[str, object] = {"temperature": 0, "seed": 7, "max_tokens": 240}
OWN_WORDS = ("<<<", ">>>", "connection broke", "cut off", "markers", "do not repeat", "continuation", "interrupted")
"""Words of the instruction that stand in no uninterrupted answer of the corpus."""
VERDICTS = ("exact", "right", "other words", "unclear", "truncated", "wrong", "interrupted")
_PATIENCE = 600.0
_AGAIN = 24
"""Characters that are said twice, or later in the uninterrupted answer, by no chance."""
_AHEAD = 48


@dataclass(frozen=True, slots=True)
class Result:
    """One cut answer, brought home."""

    case: int
    prompt: str
    cut: int
    """Characters of the answer that had come before the first cut."""
    whole: str
    text: str
    state: str
    seams: tuple[int, ...]
    joins: tuple[str, ...]
    restarted: bool
    requests: int
    input: int
    """Prompt tokens over all requests."""
    output: int
    goes_on: bool | None
    """Whether the server itself, asked to go on from the first cut, goes on as in the uninterrupted answer; None where
    it was not asked by prefill."""

    @property
    def marked(self) -> bool:
        """A seam is shown, or the user is told that the answer was begun again."""
        return bool(self.seams) or self.restarted

    @property
    def verdict(self) -> str:
        """One of those that the module names."""
        if any(word in self.text.casefold() and word not in self.whole.casefold() for word in OWN_WORDS):
            return "wrong"
        if self.state != AnswerState.COMPLETE:
            return "interrupted"
        if self.text == self.whole:
            return "right" if self.marked else "exact"
        if len(self.text) < len(self.whole) and self.whole.startswith(self.text):
            return "truncated"
        if self.restarted:
            return "other words"
        return self._at_the_join()

    def _at_the_join(self) -> str:
        before, after, truth = self.text[: self.cut], self.text[self.cut :], self.whole[self.cut :]
        if before != self.whole[: self.cut]:
            return "wrong"
        same = next(
            (i for i, (a, b) in enumerate(zip(after, truth, strict=False)) if a != b), min(len(after), len(truth))
        )
        if same >= min(len(truth), 8):
            return "other words"
        tail = before[-_AGAIN:]
        if len(tail) == _AGAIN and after.lstrip().startswith(tail):
            return "wrong"  # said twice
        ahead = after[:_AHEAD]
        if len(ahead) == _AHEAD and truth.find(ahead) > 0:
            return "wrong"  # words are missing
        return "unclear"


class Trial:
    """The engine against a recorder."""

    def __init__(self, recorder: Recorder, folder: Path, way: ResumeMode) -> None:
        self._recorder = recorder
        self._way = way
        self._history = SqliteHistory(folder / "history.db")
        model = Model(MODEL, params=PARAMS)
        name = "llamacpp" if way is ResumeMode.PREFILL else "other"
        if way is not ResumeMode.PREFILL:
            # as with a server that is known to take no prefill
            self._history.remember(resume_profile_key(recorder.base_url, MODEL), ResumeMode.INSTRUCT.value)
        provider = Provider(name, recorder.base_url, models={MODEL: model})
        config = Config(f"{name}/{MODEL}", {name: provider}, Stream(retry_delay=0.01, max_delay=0.02))
        self._inbox: SimpleQueue[ev.TurnEvent] = SimpleQueue()
        self._engine = Engine(config, self._history, ChatClient(), KeyRings().ring_for)
        self._engine.listen(self._inbox.put)

    def close(self) -> None:
        """End the engine and the history."""
        self._engine.close()
        self._history.close()

    def uninterrupted(self, prompt: str) -> Recording | None:
        """The whole answer, as the engine asks for it."""
        self._recorder.cuts.clear()
        before = len(self._recorder.answers)
        self._ask(prompt)
        answers = self._recorder.answers[before:]
        return answers[0] if answers else None

    def run(self, case: int, prompt: str, whole: Recording, rng: Random) -> Result:
        """One answer with its cuts."""
        recorder = self._recorder
        first, last = _text_bytes(whole)
        recorder.cuts.clear()
        recorder.cuts.append(Cut(rng.randrange(first, last), rng.random() < 0.5))
        if rng.random() < 0.2:
            recorder.cuts.append(Cut(rng.randrange(300, 6000), rng.random() < 0.5))
        began = len(recorder.bodies), len(recorder.answers)
        answer_id, events = self._ask(prompt)
        message = self._history.message(answer_id)
        attempts = self._history.attempts(answer_id)
        assert message is not None
        bodies, answers = recorder.bodies[began[0] :], recorder.answers[began[1] :]
        partial = _partial(bodies)
        return Result(
            case,
            prompt,
            len(partial),
            whole.content,
            message.text,
            message.state.value,
            tuple(message.seams),
            tuple(str(attempt.join) for attempt in attempts),
            any(isinstance(event, ev.Replaced) and event.variant_id for event in events),
            len(bodies),
            message.usage.input if message.usage else 0,
            message.usage.output if message.usage else 0,
            _goes_on(partial, answers, whole.content) if self._way is ResumeMode.PREFILL and len(bodies) > 1 else None,
        )

    def _ask(self, prompt: str) -> tuple[str, list[ev.TurnEvent]]:
        started = self._engine.ask(prompt)
        events: list[ev.TurnEvent] = []
        while True:
            event = self._inbox.get(timeout=_PATIENCE)
            if event.turn_id == started.turn_id:
                events.append(event)
                if isinstance(event, ev.Ended):
                    return started.answer_id, events


def _text_bytes(whole: Recording) -> tuple[int, int]:
    """The bytes of the body between the first token and the end of the last one."""
    body = whole.body
    first = body.find(b"\n\n") + 2
    last = body.find(b'"finish_reason":"')
    return first, body.rfind(b"\n\n", first, last)


def _partial(bodies: list[bytes]) -> str:
    """The text that the second request goes on with, if it does."""
    if len(bodies) < 2:
        return ""
    messages = json.loads(bodies[1])["messages"]
    said = [message["content"] for message in messages if message["role"] == "assistant"]
    return str(said[-1]) if said else ""


def _goes_on(partial: str, answers: list[Recording], whole: str) -> bool:
    """By the server's own bytes, whatever was made of them."""
    if len(answers) < 2:
        return False
    said = answers[1].content
    return whole in (partial + said, said)


def run(trial: Trial, cuts: int, seed: int) -> Iterator[Result]:
    """The results, one at a time."""
    wholes = {prompt: trial.uninterrupted(prompt) for prompt in PROMPTS}
    usable = [(prompt, whole) for prompt, whole in wholes.items() if whole and whole.finish_reason == "stop"]
    for case in range(cuts):
        prompt, whole = usable[case % len(usable)]
        yield trial.run(case, prompt, whole, Random(f"{seed} {case}"))


def interval(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    if not total:
        return 0.0, 1.0
    share = hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return middle - half, middle + half


def table(results: list[Result]) -> str:
    """The figures of all results."""
    verdicts = Counter(result.verdict for result in results)
    silent = Counter(result.verdict for result in results if not result.marked)
    asked = [result for result in results if result.requests > 1]
    lines = [f"{len(results)} answers, {len(asked)} of them asked to go on"]
    lines += [f"  {name:12} {verdicts[name]:4}  of these without a mark {silent[name]:4}" for name in VERDICTS]
    joined = [r for r in asked if r.verdict in ("exact", "right", "other words")]
    needless = sum(bool(result.seams) for result in joined)
    lines.append(f"  right joins with a mark: {needless} of {len(joined)}")
    lines.append(f"  begun again: {sum(result.restarted for result in asked)}")
    own = [result for result in asked if result.goes_on is not None]
    if own:
        goes_on = sum(bool(result.goes_on) for result in own)
        low, high = interval(goes_on, len(own))
        exact = sum(result.text == result.whole for result in own)
        lines.append(f"  the server itself goes on identically: {goes_on} of {len(own)} ({low:.3f} to {high:.3f})")
        lines.append(f"  the final text is identical:           {exact} of {len(own)} ({exact / len(own):.3f})")
    requests = Counter(result.requests for result in results)
    lines.append("  requests: " + ", ".join(f"{count} × {number}" for number, count in sorted(requests.items())))
    prompts = sum(result.input for result in results) / len(results)
    outputs = sum(result.output for result in results) / len(results)
    lines.append(f"  tokens an answer: {prompts:.0f} of prompts, {outputs:.0f} of output")
    return "\n".join(lines)


def show(result: Result) -> str:
    """A join to be read."""
    at = result.cut
    after, truth = result.text[at : at + 70], result.whole[at : at + 70]
    flags = f"{result.state}, {'marked' if result.seams else 'silent'}, joins {' '.join(result.joins)}"
    before = result.text[max(0, at - 50) : at]
    return f"#{result.case} {result.verdict} ({flags})\n  …{before!r}\n  | {after!r}\n  = {truth!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", type=ResumeMode, choices=[ResumeMode.PREFILL, ResumeMode.INSTRUCT])
    parser.add_argument("--cuts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", default="", help="address of the model server; without it recordings have to do")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep what the server says there")
    parser.add_argument("--results", type=Path, help="write each result there, as JSON Lines")
    parser.add_argument(
        "--show", metavar="VERDICT", action="append", default=[], help="print the joins of this verdict"
    )
    options = parser.parse_args()
    results: list[Result] = []
    out = options.results.open("w") if options.results else None
    with tempfile.TemporaryDirectory() as folder, Recorder(options.server, Recordings(options.record)) as recorder:
        trial = Trial(recorder, Path(folder), options.way)
        try:
            for result in run(trial, options.cuts, options.seed):
                results.append(result)
                if result.verdict in options.show or "all" in options.show:
                    print(show(result), flush=True)
                if out is not None:
                    out.write(json.dumps({**asdict(result), "verdict": result.verdict}, ensure_ascii=False) + "\n")
                    out.flush()
        finally:
            trial.close()
        if recorder.missing:
            print(f"{recorder.missing} requests are not recorded; name a --server")
    print(table(results))


if __name__ == "__main__":
    main()
