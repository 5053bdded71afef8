"""Images in questions, from the prompt to the request and back to the log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from holytui.attachments.files import Chosen
from holytui.config.schema import Config, Model
from holytui.images import describe
from holytui.models import Role
from holytui.providers.vision import accepts_images
from holytui.ui.clipboard import Clipboard
from holytui.ui.composer.submit import Question, submit
from holytui.ui.lifecycle import crash_report
from holytui.ui.state import OpenConversation
from holytui.ui.transcript import loading
from tests import pictures
from tests.pictures import image, said, sent
from tests.servers import READ, ScriptedServer, Step, answer
from tests.ui.app_harness import AppHarness, config_with, run_app
from tests.ui.conftest import Build

ONE, TWO = pictures.png(640, 480), pictures.gif(9, 7)


def config_for(base_url: str, **ui: object) -> Config:
    """`lab/eyes` is the default and sees; `lab/one` does not."""
    config = config_with(base_url, **ui)
    lab = config.providers["lab"]
    lab = replace(lab, models=MappingProxyType({**lab.models, "eyes": Model("eyes", vision=True)}))
    return replace(config, default_model="lab/eyes", providers=MappingProxyType({"lab": lab}))


def answers(count: int = 1) -> ScriptedServer:
    script: list[Step] = [step for _ in range(count) for step in (READ, *answer("A cat."))]
    return ScriptedServer(script, script)


def contents(server: ScriptedServer, number: int) -> list[object]:
    return [message["content"] for message in server.requests[number].json["messages"]]


async def test_an_image_is_sent_to_a_model_that_sees_and_is_named_below_the_question(build_harness: Build) -> None:
    with answers() as server:
        Path("photo.png").write_bytes(ONE)
        async with run_app(build_harness(config_for(server.base_url))) as driver:
            await driver.type("what is @ph")
            await driver.wait_for_text(f"photo.png               image, {len(ONE)} B")
            assert "sees none" not in driver.text
            await driver.press("tab")
            await driver.press("enter")
            await driver.wait_for_text("A cat.")
            await driver.settle()
            assert f"▣ photo.png · PNG · 640×480 · {len(ONE)} B" in driver.text
        assert contents(server, 0) == [[said("what is @photo.png"), sent(ONE)]]


async def test_a_model_that_sees_none_is_not_asked_and_nothing_is_lost(build_harness: Build) -> None:
    with answers() as server:
        harness = build_harness(replace(config_for(server.base_url), default_model="lab/one"))
        Path("photo.png").write_bytes(ONE)
        async with run_app(harness) as driver:
            await driver.type("what is @photo.png")
            await driver.wait_for_text(f"image, {len(ONE)} B; this model sees none")
            await driver.press("enter")
            await driver.wait_for_text("lab/one sees no images. Press F2 to choose another model.")
            assert "in [providers.lab.models.one]" in driver.status
            assert driver.chat.prompt.text == "what is @photo.png"
            assert driver.conversations() == []
            await driver.press("f2")
            await driver.pick("eyes")
            await driver.press("enter")
            await driver.wait_for_text("A cat.")
            await driver.settle()
        assert len(server.requests) == 1


async def test_the_key_in_the_words_is_the_one_in_force(build_harness: Build) -> None:
    from holytui.keymap import build_keymap

    harness = build_harness(keys=build_keymap({"model.pick": ("alt+m",)}))
    Path("photo.png").write_bytes(ONE)
    async with run_app(harness) as driver:
        await driver.type("@photo.png")
        await driver.press("enter")
        await driver.wait_for_text("guide/guide sees no images. Press Alt+M to choose another model")
        assert "vision" not in driver.status


async def test_a_name_with_a_dot_stands_in_quotes(build_harness: Build) -> None:
    config = config_for("http://127.0.0.1:9/v1")
    harness = build_harness(replace(config, default_model="lab/gpt-4.1"))
    Path("photo.png").write_bytes(ONE)
    async with run_app(harness, (200, 40)) as driver:
        await driver.type("@photo.png")
        await driver.press("enter")
        await driver.wait_for_text('set vision = true in [providers.lab.models."gpt-4.1"]')


async def test_a_retry_sends_the_image_although_its_file_has_vanished(build_harness: Build) -> None:
    with answers(2) as server:
        harness = build_harness(config_for(server.base_url))
        Path("photo.png").write_bytes(ONE)
        async with run_app(harness) as driver:
            await driver.ask("what is @photo.png ")
            Path("photo.png").unlink()
            await driver.focus_log()
            await driver.act("message.retry")
            await driver.wait_until(lambda: len(server.requests) == 2)
            await driver.settle()
        assert contents(server, 1) == contents(server, 0)
        assert sent(ONE) in server.requests[1].json["messages"][0]["content"]


async def test_a_retry_by_a_model_that_sees_none_leaves_the_image_out_and_says_so(build_harness: Build) -> None:
    with answers(2) as server:
        harness = build_harness(config_for(server.base_url))
        Path("photo.png").write_bytes(ONE)
        async with run_app(harness) as driver:
            await driver.ask("what is @photo.png ")
            await driver.press("f2")
            await driver.pick("lab/one")
            await driver.focus_log()
            await driver.act("message.retry")
            await driver.wait_for_text("1 image left out")
            await driver.settle()
        (text,) = contents(server, 1)
        assert text == "what is @photo.png\n\n[image photo.png left out: this model sees no images]"


async def test_an_edited_question_keeps_its_image_as_it_was_sent(build_harness: Build) -> None:
    with answers(3) as server:
        harness = build_harness(config_for(server.base_url))
        Path("photo.png").write_bytes(ONE)
        async with run_app(harness) as driver:
            await driver.ask("what is @photo.png ")
            Path("photo.png").write_bytes(TWO)
            await driver.focus_log()
            await driver.act("message.edit")
            await driver.wait_for_text("editing, with its images")
            await driver.wait_until(lambda: driver.chat.prompt.text == "what is @photo.png")
            await driver.type(" really?")
            await driver.press("enter")
            await driver.wait_until(lambda: len(server.requests) == 2)
            await driver.settle()
            assert contents(server, 1) == [[said("what is @photo.png really?"), sent(ONE)]]
            await driver.focus_log()
            await driver.act("message.edit")
            await driver.wait_until(lambda: driver.chat.prompt.text.endswith("really?"))
            driver.chat.prompt.set_text("")
            await driver.type("what is it? @./photo.png")
            await driver.press("escape")
            await driver.press("enter")
            await driver.wait_until(lambda: len(server.requests) == 3)
            await driver.settle()
            assert contents(server, 2) == [[said("what is it? @./photo.png"), sent(TWO, "image/gif")]]


async def test_an_edited_question_that_is_refused_is_still_being_edited(build_harness: Build) -> None:
    with answers(1) as server:
        harness = build_harness(config_for(server.base_url))
        Path("photo.png").write_bytes(ONE)
        async with run_app(harness) as driver:
            await driver.ask("what is @photo.png ")
            await driver.press("f2")
            await driver.pick("lab/one")
            await driver.focus_log()
            await driver.act("message.edit")
            await driver.wait_until(lambda: driver.chat.prompt.text != "")
            await driver.press("enter")
            await driver.wait_for_text("lab/one sees no images. Press F2 to choose")
            assert driver.chat.prompt.text == "what is @photo.png"
            assert driver.chat.drafts.editing is not None
        assert len(server.requests) == 1


async def test_an_edited_question_has_its_text_file_once(build_harness: Build) -> None:
    with answers(2) as server:
        harness = build_harness(config_for(server.base_url))
        Path("a.py").write_text("print(1)\n")
        async with run_app(harness) as driver:
            await driver.ask("explain @a.py ")
            Path("a.py").unlink()
            await driver.focus_log()
            await driver.act("message.edit")
            await driver.wait_until(lambda: driver.chat.prompt.text != "")
            await driver.press("enter")
            await driver.wait_until(lambda: len(server.requests) == 2)
            await driver.settle()
        assert contents(server, 1) == ["explain @a.py\n\na.py:\n\n```py\nprint(1)\n```"]


async def test_images_are_there_after_a_restart_and_go_on_with_the_branch(build_harness: Build) -> None:
    with answers(2) as server:
        config = config_for(server.base_url)
        Path("photo.png").write_bytes(ONE)
        first = build_harness(config)
        async with run_app(first) as driver:
            await driver.ask("what is @photo.png ")
        (talk,) = first.history.conversations()
        first.close()
        Path("photo.png").unlink()
        async with run_app(build_harness(config), conversation=talk.id) as driver:
            await driver.wait_for_text("▣ photo.png · PNG · 640×480")
            await driver.ask("and its colour?")
        assert contents(server, 1) == [[said("what is @photo.png"), sent(ONE)], "A cat.", "and its colour?"]


async def test_a_fork_has_the_images_too(build_harness: Build) -> None:
    with answers(2) as server:
        harness = build_harness(config_for(server.base_url))
        Path("photo.png").write_bytes(ONE)
        async with run_app(harness) as driver:
            await driver.ask("what is @photo.png ")
            (old,) = driver.conversations()
            await driver.focus_log()
            await driver.act("message.fork")
            await driver.wait_until(lambda: len(driver.conversations()) == 2)
            await driver.settle()
            harness.history.delete_conversation(old.id)
            harness.history.purge_deleted(float("inf"))
            driver.chat.prompt.focus()
            await driver.ask("and now?")
        assert contents(server, 1)[0] == [said("what is @photo.png"), sent(ONE)]


async def test_a_question_is_copied_with_the_names_of_its_images(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    async def copy(_clipboard: object, text: str) -> None:
        copied.append(text)

    monkeypatch.setattr(Clipboard, "copy", copy)
    with answers() as server:
        harness = build_harness(config_for(server.base_url))
        Path("photo.png").write_bytes(ONE)
        async with run_app(harness) as driver:
            await driver.ask("what is @photo.png ")
            await driver.focus_log()
            await driver.act("log.previous")
            await driver.act("log.previous")
            await driver.act("message.copy")
            await driver.act("chat.copy_all")
            await driver.wait_until(lambda: len(copied) == 2)
    words = f"what is @photo.png\n\n[image: {describe(image(ONE, 'photo.png'))}]"
    assert copied[0] == words
    assert copied[1].startswith(f"## You\n\n{words}\n")


async def test_the_list_of_models_says_which_see(build_harness: Build) -> None:
    async with run_app(build_harness(config_for("http://127.0.0.1:9/v1"))) as driver:
        await driver.press("f2")
        await driver.wait_for_text("sees images")


def test_who_sees_is_what_the_configuration_says() -> None:
    config = config_for("http://127.0.0.1:9/v1")
    assert [accepts_images(config, name) for name in ("lab/eyes", "lab/one", "lab/none", "eyes", "guide/guide")] == [
        *(True, False, False, False, False)
    ]


async def test_a_report_of_a_crash_holds_nothing_of_an_image(
    build_harness: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = build_harness(config_for("http://127.0.0.1:9/v1"))
    Path("photo.png").write_bytes(ONE)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(harness.history, "add_message", broken)
    question = Question("what is @photo.png?", [Chosen.at("photo.png?", Path())], OpenConversation(), "lab/eyes")
    with pytest.raises(RuntimeError) as raised:
        await asyncio.to_thread(submit, harness.services, question)
    report = crash_report.describe(raised.value)
    assert "submit.py" in report
    assert "IHDR" not in report
    assert "base64" not in report


def test_a_fork_by_itself_shows_the_same_images(harness: AppHarness) -> None:
    talk = harness.history.create_conversation(title="t").id
    data = {image(ONE).digest: ONE}
    asked = harness.history.add_message(talk, Role.USER, "x", parent_id=None, images=[image(ONE)], image_data=data)
    (copy,) = harness.history.branch(loading.fork(harness.history, asked))
    assert copy.images == asked.images
    assert copy.id != asked.id
