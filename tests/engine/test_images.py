"""Images from the question to the request, over a real connection."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from holytui.engine.context import Context, context_for
from holytui.engine.events import Finished, ImagesLeftOut
from holytui.engine.usage import estimate_tokens, image_tokens
from holytui.models import AnswerState, Image, Message, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.wire.request import ChatMessage, ChatRequest
from holytui.wire.transport.attempt_thread import request_body
from tests import pictures
from tests.engine.bench import Bench, going_on
from tests.pictures import image, said, sent
from tests.servers import DONE, FIN, READ, ScriptedServer, Step, answer, chunk, delta, event

ONE, TWO = pictures.png(640, 480), pictures.gif(9, 7)
JOINT = "The answer to it goes on for long enough that a model may be asked for the rest of it"


def with_images(*files: bytes) -> dict[str, Any]:
    """How `Engine.ask` is given them."""
    images = [image(data, f"{number}.png") for number, data in enumerate(files)]
    data = {one.digest: file for one, file in zip(images, files, strict=True)}
    return {"images": images, "image_data": data}


def contents(server: ScriptedServer, number: int) -> list[object]:
    return [message["content"] for message in server.requests[number].json["messages"]]


def test_a_question_goes_out_with_its_image(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("A cat.")]) as server, Bench(tmp_path, server.base_url) as bench:
        _answer, end, _ = bench.ask("what is @0.png?", model="local/eyes", **with_images(ONE))
        assert isinstance(end, Finished)
        assert contents(server, 0) == [[said("what is @0.png?"), sent(ONE)]]


def test_several_images_go_out_under_their_names(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("Cats.")]) as server, Bench(tmp_path, server.base_url) as bench:
        bench.ask("compare", model="local/eyes", **with_images(ONE, TWO))
        parts = [said("compare"), said("0.png:"), sent(ONE), said("1.png:"), sent(TWO, "image/gif")]
        assert contents(server, 0) == [parts]


def test_later_questions_and_retries_send_it_again_also_after_a_restart(tmp_path: Path) -> None:
    script = [step for _ in range(4) for step in (READ, *answer("A cat."))]
    with ScriptedServer(script, script) as server:
        with Bench(tmp_path, server.base_url) as bench:
            first, _, _ = bench.ask("what is it?", model="local/eyes", **with_images(ONE))
            bench.ask("and its colour?", conversation_id=first.conversation_id)
        with Bench(tmp_path, server.base_url) as bench:
            bench.end_of(bench.engine.retry(first.id))
            bench.ask("once more", conversation_id=first.conversation_id)
        asked = [said("what is it?"), sent(ONE)]
        assert contents(server, 1) == [asked, "A cat.", "and its colour?"]
        assert contents(server, 2) == [asked]
        assert contents(server, 3) == [asked, "A cat.", "once more"]


def test_a_cut_answer_goes_on_with_the_image_before_it_also_after_a_restart(tmp_path: Path) -> None:
    half = len(JOINT) // 2
    whole: list[Step] = [READ, going_on(JOINT), chunk(event(delta(finish="stop")) + DONE), chunk(b"")]
    gate = threading.Event()
    with ScriptedServer([READ, going_on(JOINT, half), gate, FIN], whole) as server:
        with Bench(tmp_path, server.base_url) as bench:
            turn = bench.engine.ask("what is it?", model="local/eyes", **with_images(ONE))
            bench.wait_until(lambda _events: len(bench.text_of(turn.answer_id)) == half)
            bench.engine.stop(turn.turn_id)
            bench.end_of(turn)
        gate.set()
        with Bench(tmp_path, server.base_url) as bench:
            bench.end_of(bench.engine.resume(turn.answer_id))
            assert bench.message(turn.answer_id).text == JOINT
        assert contents(server, 1) == [[said("what is it?"), sent(ONE)], JOINT[:half].rstrip()]


def test_a_model_that_sees_none_is_told_what_is_left_out_and_so_is_the_user(tmp_path: Path) -> None:
    script = [step for _ in range(3) for step in (READ, *answer("Hm."))]
    with ScriptedServer(script) as server, Bench(tmp_path, server.base_url) as bench:
        first, _, _ = bench.ask("what is it?", model="local/eyes", **with_images(ONE, TWO))
        assert (first.left_out, bench.of(ImagesLeftOut)) == (0, [])
        second, end, _ = bench.ask("and now?", conversation_id=first.conversation_id, model="local/model")
        assert isinstance(end, Finished)
        left = "[image 0.png left out: this model sees no images]\n\n[image 1.png left out: this model sees no images]"
        assert contents(server, 1) == [f"what is it?\n\n{left}", "Hm.", "and now?"]
        assert [event.images for event in bench.of(ImagesLeftOut) if isinstance(event, ImagesLeftOut)] == [2]
        assert second.left_out == 2
        third, _, _ = bench.ask("again?", conversation_id=first.conversation_id, model="local/eyes")
        assert contents(server, 2)[0] == [said("what is it?"), *parts(ONE, TWO)]
        assert third.left_out == 0


def parts(one: bytes, two: bytes) -> list[dict[str, object]]:
    return [said("0.png:"), sent(one), said("1.png:"), sent(two, "image/gif")]


def test_the_bytes_are_fetched_for_a_request_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    fetch = SqliteHistory.image

    def note(history: SqliteHistory, digest: str) -> bytes | None:
        fetched.append(digest)
        return fetch(history, digest)

    monkeypatch.setattr(SqliteHistory, "image", note)
    script = [READ, *answer("A cat."), READ, *answer("So.")]
    with ScriptedServer(script) as server, Bench(tmp_path, server.base_url) as bench:
        first, _, _ = bench.ask("what?", model="local/eyes", **with_images(ONE))
        assert fetched == [image(ONE).digest]
        bench.history.branch(first.conversation_id)
        bench.ask("so?", conversation_id=first.conversation_id, model="local/model")
        assert len(fetched) == 1


def test_without_figures_an_image_counts_by_its_size(tmp_path: Path) -> None:
    script = [READ, *answer("A cat.", finish="")]
    with ScriptedServer(script) as server, Bench(tmp_path, server.base_url) as bench:
        message, _, _ = bench.ask("what is it?", model="local/eyes", **with_images(ONE))
        assert message.usage is not None
        assert message.usage.estimated
        assert message.usage.input == estimate_tokens("what is it?") + image_tokens(image(ONE)) + 4


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (1024, 1024, 765),  # the examples that OpenAI gives
        (2048, 4096, 1105),
        (150, 150, 255),
        (513, 500, 425),
        (1, 100_000, 765),
    ],
)
def test_an_image_counts_by_its_tiles(width: int, height: int, tokens: int) -> None:
    assert image_tokens(Image("a", "image/png", 1, width, height, "")) == tokens


# -- the context alone


def question(text: str, *images: Image) -> Message:
    return Message("q", "c", None, Role.USER, text, 0.0, images=images)


def failed() -> Message:
    return Message("a", "c", "q", Role.ASSISTANT, "no", 0.0, state=AnswerState.FAILED)


def test_questions_that_follow_one_another_are_one_message_with_all_images() -> None:
    branch = [question("one", image(ONE)), failed(), question("two"), failed(), question("three", image(TWO))]
    context = context_for(branch, "", look)
    (message,) = context.messages
    assert message.content == (said("one"), sent(ONE), said("two"), said("three"), sent(TWO, "image/gif"))


def look(wanted: Image) -> bytes | None:
    return next((data for data in (ONE, TWO) if image(data).digest == wanted.digest), None)


def test_an_image_without_words_is_a_question() -> None:
    assert context_for([question("  ", image(ONE))], "", look).messages == (ChatMessage(Role.USER, (sent(ONE),)),)


def test_an_image_that_is_lost_is_told_and_the_others_are_sent() -> None:
    gone = image(pictures.png(5, 5), "gone.png")
    words = "[image gone.png left out: its data was lost]"
    assert context_for([question("what?", gone)], "be short", look) == Context(
        (ChatMessage(Role.SYSTEM, "be short"), ChatMessage(Role.USER, f"what?\n\n{words}")),
        estimate_tokens("be short") + 4 + estimate_tokens("what?") + estimate_tokens(words) + 4,
        1,
    )
    content = context_for([question("what?", gone, image(ONE))], "", look).messages[0].content
    assert content == (said("what?"), said(words), said("a.png:"), sent(ONE))


# -- what nobody may see


def test_a_request_shows_nothing_of_what_it_says() -> None:
    request = ChatRequest("m", (ChatMessage(Role.USER, (said("private"), sent(ONE))),))
    assert "private" not in repr(request)
    assert "base64" not in repr(request)


def test_a_body_is_the_same_whether_it_is_made_in_pieces_or_not() -> None:
    body = request_body(ChatRequest("m", (ChatMessage(Role.USER, (said("a😀\udc00ế"), sent(ONE))),), {"t": 0.5}))
    assert b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a\xf0\x9f\x98\x80?' in body
    assert body.endswith(b'"}}]}],"t":0.5,"stream":true}')
