"""How a model that takes no prefill is best asked to go on: wordings of the instruction, measured on a real model.

    python -m benchmarks.wordings [--cuts N] [--server http://127.0.0.1:8080 --record FILE] [NAME ...]

Each wording asks for the rest of the same cut answers, once, at temperature 0, and the join is judged as in
`benchmarks.cuts`, but without the ways that holytui tries next. Replies are recorded in FILE, so that a run goes on
where it was stopped; those of five wordings are in `benchmarks/recorded`, of three of them for 200 cuts. `silent`
counts joins without a mark; `nothing` replies that add nothing; `stopped` ends before the end of the uninterrupted
answer that a reader could take for its end.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from benchmarks.cuts import MODEL, PARAMS, Result
from benchmarks.prompts import PROMPTS
from benchmarks.recorder import SHIPPED, Recorder, Recordings
from holytui.engine.resume.instruction import instruction
from holytui.engine.resume.seam import Seam
from holytui.engine.resume.strategy import ResumeMode
from holytui.models import HIDDEN, Join

MORE = SHIPPED.with_name("wordings.jsonl.gz")
Messages = list[dict[str, str]]
Wording = Callable[[str, str], Messages]


def _after_answer(text: Callable[[str], str]) -> Wording:
    """The cut answer as the assistant's message, then `text(partial)` as the user's."""

    def messages(question: str, partial: str) -> Messages:
        return [
            {"role": "user", "content": question},
            {"role": "assistant", "content": partial},
            {"role": "user", "content": text(partial)},
        ]

    return messages


def last_words(partial: str, count: int = 12) -> str:
    """The last words of a text, as they stand there."""
    text = partial.rstrip()
    at = len(text)
    for _ in range(count):
        at = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at))
        if at < 0:
            return text
    return text[at + 1 :]


def last_line(partial: str) -> str:
    """The line that was cut, or the one before it where hardly anything of it had come."""
    lines = partial.rstrip().split("\n")
    tail = lines[-1]
    if len(tail.strip()) < 12 and len(lines) > 1:
        tail = "\n".join(lines[-2:])
    return tail if len(tail) <= 200 else last_words(tail)


def _current(question: str, partial: str) -> Messages:
    return _after_answer(lambda p: instruction(p).text)(question, partial)


def _embedded(question: str, partial: str) -> Messages:
    """The question once more, with the beginning of the answer."""
    ask = f"{question}\n\nYour answer must begin with exactly this text, and go on from its end:\n\n{partial}"
    return [{"role": "user", "content": ask}]


def _embedded_after(question: str, partial: str) -> Messages:
    ask = (
        f"{question}\n\nA part of the answer was lost. Write the whole answer again, word for word as it was, "
        "and complete it."
    )
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": partial},
        {"role": "user", "content": ask},
    ]


WORDINGS: dict[str, Wording] = {
    "current": _current,
    "short": _after_answer(lambda _p: "Continue exactly where you stopped. Output only the continuation."),
    "interrupted, quoted": _after_answer(
        lambda p: (
            f"Your previous response was interrupted and ended with [{last_words(p)}]. Continue from where you "
            "left off."
        )
    ),
    "repeat last line, quoted": _after_answer(
        lambda p: (
            "Your answer was cut off. Its last line is:\n\n"
            f"{last_line(p)}\n\nRepeat this line exactly, complete it, and write the rest of the answer."
        )
    ),
    "repeat last line": _after_answer(
        lambda _p: (
            "Your answer was cut off in the middle. Repeat its last line exactly, complete it, and write the rest "
            "of the answer."
        )
    ),
    "begin with": _after_answer(
        lambda p: (
            f"Your answer was cut off. Write the rest of it. Begin your reply with exactly these words:\n{last_line(p)}"
        )
    ),
    "whole again": _after_answer(
        lambda _p: "Your answer was cut off. Write it again from its first word, the same words, and complete it."
    ),
    "begin with, then [END]": _after_answer(
        lambda p: (
            "Your answer was cut off. Write the rest of it, and after its very end write [END]. Begin your reply "
            f"with exactly these words:\n{last_line(p)}"
        )
    ),
    "complete": _after_answer(
        lambda p: (
            "Your answer was cut off in the middle and is not complete. Write what is missing, to the very end. "
            f"Begin with these words, exactly as they are, and go on after them:\n\n{last_line(p)}"
        )
    ),
    "question, begin with": _embedded,
    "question again": _embedded_after,
}


def joined(partial: str, reply: str) -> tuple[str, Join]:
    """The text that holytui makes of a cut answer and a reply to its instruction."""
    seam = Seam(partial, ResumeMode.INSTRUCT)
    shown = "".join(seam.feed(reply[i : i + 4]) for i in range(0, len(reply), 4)) + seam.finish()
    decision = seam.decision
    if decision is None or decision.cut == HIDDEN:
        return partial, Join.OVERLAP
    kept = partial if decision.keep < 0 else partial[: decision.keep]
    return kept + shown, decision.join


def wholes(recorder: Recorder) -> list[tuple[str, str]]:
    """Prompts and their uninterrupted answers, as `benchmarks.cuts` has asked for them."""
    found = []
    for prompt in PROMPTS:
        recording = recorder.response(request([{"role": "user", "content": prompt}]))
        if recording is not None and recording.finish_reason == "stop":
            found.append((prompt, recording.content))
    return found


def tokens(recorder: Recorder, prompt: str) -> list[str]:
    """The pieces of an uninterrupted answer, each a token as the server sent it."""
    recording = recorder.response(request([{"role": "user", "content": prompt}]))
    assert recording is not None
    pieces = [chunk["choices"][0]["delta"].get("content") or "" for chunk in recording.chunks() if chunk["choices"]]
    return [piece for piece in pieces if piece]


def request(messages: Messages) -> bytes:
    """The body of a request, as holytui's client makes it."""
    body = {"model": MODEL, "messages": messages, **PARAMS, "stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def cases(recorder: Recorder, cuts: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Prompt, text before the cut and whole answer; cuts are between tokens as the server sent them."""
    corpus = wholes(recorder)
    for case in range(cuts):
        prompt, whole = corpus[case % len(corpus)]
        rng = Random(f"{seed} {case}")
        pieces = tokens(recorder, prompt)
        yield prompt, "".join(pieces[: rng.randrange(min(6, len(pieces) // 3), len(pieces))]), whole


def judged(prompt: str, partial: str, whole: str, reply: str) -> tuple[Result, str]:
    """The result of one reply, and its verdict."""
    text, join = joined(partial, reply)
    result = Result(
        0,
        prompt,
        len(partial) if join is not Join.RESTART else 0,
        whole,
        text,
        "complete",
        (len(partial),) if join is Join.MARKED else (),
        (str(join),),
        join is Join.RESTART,
        2,
        0,
        0,
        None,
    )
    if text.rstrip() == partial.rstrip() and text != whole:
        return result, "nothing"
    return result, "stopped" if result.verdict == "truncated" else result.verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(WORDINGS))
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--server", default="")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep what the server says there")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    columns = ("exact", "right", "other words", "unclear", "nothing", "stopped", "wrong")
    print(f"{'':28}" + "".join(f"{name:>12}" for name in (*columns, "silent", "tokens")))
    with Recorder(options.server, Recordings(options.record, (SHIPPED, MORE))) as recorder:
        for name in options.names or WORDINGS:
            verdicts: Counter[str] = Counter()
            count = 0
            for prompt, partial, whole in cases(recorder, options.cuts, options.seed):
                recording = recorder.response(request(WORDINGS[name](prompt, partial)))
                if recording is None or recording.status != 200:
                    raise SystemExit(f"no reply: {recording}")
                count += len(recording.pieces)
                result, verdict = judged(prompt, partial, whole, recording.content)
                verdicts[verdict] += 1
                verdicts["silent"] += not result.marked
                if options.show:
                    print(f"--- {verdict} {result.joins} {result.seams and 'marked'}")
                    print(f"{partial[-60:]!r}\n  | {recording.content[:200]!r}\n  = {whole[len(partial) :][:80]!r}")
            verdicts["tokens"] = round(count / max(1, options.cuts))
            print(f"{name:28}" + "".join(f"{verdicts[each]:12}" for each in (*columns, "silent", "tokens")), flush=True)


if __name__ == "__main__":
    main()
