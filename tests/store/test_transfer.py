from __future__ import annotations

import io
import json
import re
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.errors import TransferError
from holytui.models import AnswerState, Message, Role
from holytui.store.sqlite.bundles import in_order
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer import json_stream
from holytui.store.transfer.chatgpt import from_json as from_chatgpt
from holytui.store.transfer.json_stream import BrokenEntry, EntryTooLong, entries
from holytui.store.transfer.transfer import Format, ImportReport, export, import_file, import_from
from holytui.store.values import OmittedPart
from holytui.text import nfc, sanitize
from tests.store.samples import CONTENT, add_rich_conversation, attempt_for, exported_text, to_json_of

TEXTS = st.text(max_size=20).map(lambda text: sanitize(nfc(text)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\[]{},: \n', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('k"}', max_size=3), inner, max_size=3),
    max_leaves=12,
)


def test_broken_entries_are_skipped_and_named(history: SqliteHistory) -> None:
    good = to_json_of(history, add_rich_conversation(history))
    wrong = {
        "form": {**good, "format": "else", "title": "Other form"},
        "newer": {**good, "version": 99},
        "title": {**good, "title": 5},
        "state": {**good, "messages": [{**good["messages"][0], "state": "odd"}]},
        "number": {**good, "created_at": "yesterday"},
        "missing": {key: value for key, value in good.items() if key != "system"},
        "usage": {**good, "messages": [{**good["messages"][0], "usage": {"nope": 1}}]},
        "twice": {**good, "messages": good["messages"] + good["messages"][-1:]},
    }
    lines = [json.dumps(each) for each in wrong.values()] + ["[]", "7", json.dumps(good)]
    seen: list[ImportReport] = []
    done = import_from(
        history, io.StringIO(json.dumps({**good, "id": "new", "messages": []}) + "\n" + "\n".join(lines)), seen.append
    )
    assert (done.entries, done.conversations, len(done.skipped)) == (12, 1, 10)
    assert done.skipped[0].startswith("Entry 2 (Other form): ")
    assert "same id" in done.skipped[7]
    assert "title" in done.skipped[2]
    assert seen[-1] == done
    assert [each.entries for each in seen] == [0] * 12 + [*range(1, 13)]


ODD = "a\x1b]52;c;cm0=\x07\x9b31m\r\nb"
FAULT = {"kind": "refused", "message": ODD, "code": ODD, "param": ODD, "status": None}


def test_what_is_said_of_an_imported_answer_cannot_reach_a_terminal_as_it_is(history: SqliteHistory) -> None:
    good = to_json_of(history, add_rich_conversation(history))
    renamed = json.loads(json.dumps(good).replace('"id": "', '"id": "x'))
    for message in renamed["messages"]:
        message["parent_id"] = None
        message["problem"] = {"title": ODD, "hint": ODD, "fault": FAULT}
        message["attempts"] = [{**attempt, "fault": FAULT} for attempt in message["attempts"]]
    done = import_from(history, io.StringIO(json.dumps(renamed)))
    assert done.skipped == ()
    found = history.bundle(renamed["id"])
    assert found is not None
    faults = [attempt.fault for attempt, _raw in found.attempts]
    problems = [message.problem for message in found.messages]
    assert faults
    said = repr([str(problem) for problem in problems]) + repr(problems) + repr(faults)
    assert "\\x1b" not in said
    assert "\\x9b" not in said
    assert "\\x07" not in said
    assert all("\n" not in problem.title for problem in problems if problem)


@pytest.mark.parametrize(
    "problem",
    [
        {"title": 5, "hint": "", "fault": None},
        {"title": "", "hint": None, "fault": None},
        {"title": "", "hint": "", "fault": {"kind": "refused", "message": []}},
        {"title": "", "hint": "", "fault": {"kind": "refused", "retry_after": "soon"}},
        {"title": "", "hint": "", "fault": {"kind": "refused", "status": "200"}},
    ],
)
def test_a_problem_of_the_wrong_kind_is_not_taken_in(history: SqliteHistory, problem: dict[str, Any]) -> None:
    good = to_json_of(history, add_rich_conversation(history))
    first = {**good["messages"][0], "id": "first", "problem": problem, "attempts": []}
    done = import_from(history, io.StringIO(json.dumps({**good, "id": "new", "messages": [first]})))
    assert len(done.skipped) == 1
    assert history.conversation("new") is None


def node(id_: str, parent: str | None, role: str = "user", *parts: object, kind: str = "text", **more: object) -> Any:
    content = {"content_type": kind, "parts": list(parts)}
    message = {"id": id_, "author": {"role": role}, "create_time": 5.0, "content": content, **more}
    return {"id": id_, "parent": parent, "children": [], "message": message}


def chatgpt(**fields: object) -> dict[str, Any]:
    nodes = [
        {"id": "root", "parent": None, "children": ["sys"], "message": None},
        node("sys", "root", "system", ""),
        node("q", "sys", "user", "Vì sao?", {"content_type": "image_asset_pointer"}, kind="multimodal_text"),
        node("think", "q", "assistant", kind="thoughts"),
        node("tool", "think", "assistant", "search()", kind="code", recipient="python"),
        node("ret", "tool", "tool", "found"),
        node("a", "ret", "assistant", "Bởi vì\x1b[31m", metadata={"model_slug": "gpt-4o"}),
        node("a2", "q", "assistant", "Another", metadata={"model_slug": "gpt-4"}),
        node("end", "a", "system", ""),
    ]
    nodes[3]["message"]["content"]["thoughts"] = [{"summary": "s", "content": "I think"}]
    return {
        "title": "Hỏi",
        "create_time": 1.5,
        "update_time": 9.5,
        "mapping": {each["id"]: each for each in nodes},
        "current_node": "end",
        "conversation_id": "conv-1",
        **fields,
    }


def test_conversations_of_chatgpt_keep_their_trees(history: SqliteHistory) -> None:
    done = import_from(history, io.StringIO(json.dumps([chatgpt()])))
    assert done == ImportReport(1, 1, 3, ())
    (talk,) = history.conversations()
    assert (talk.title, talk.created_at, talk.updated_at) == ("Hỏi", 1.5, 9.5)
    question, answer = history.branch(talk.id)
    assert (question.role, question.text) == (Role.USER, "Vì sao?\n\n[image]")
    assert (answer.text, answer.model, answer.reasoning) == ("Bởi vì␛[31m", "gpt-4o", "I think")
    assert {each.text for each in history.variants(answer.id)} == {"Bởi vì␛[31m", "Another"}


def test_what_of_chatgpt_is_left_out_is_counted(history: SqliteHistory) -> None:
    entry = chatgpt()
    entry["mapping"] |= {
        "lone": node("lone", "a2", "assistant", kind="thoughts"),
        "drawn": node("drawn", "a2", "tool", {"content_type": "image_asset_pointer"}, kind="multimodal_text"),
        "file": node(
            "file",
            "a2",
            "user",
            "see",
            metadata={"attachments": [{"mime_type": "text/csv"}, {"mime_type": "image/png"}]},
        ),
        "sound": node("sound", "a2", "user", "x", {"content_type": "audio_asset_pointer"}, kind="multimodal_text"),
        "hidden": node("hidden", "a2", "tool", "x", metadata={"is_visually_hidden_from_conversation": True}),
        "recap": node("recap", "a2", "assistant", kind="reasoning_recap"),
    }
    entry["mapping"]["lone"]["message"]["content"]["thoughts"] = [{"content": "to no end"}]
    done = import_from(history, io.StringIO(json.dumps([entry, chatgpt(conversation_id="conv-2")])))
    expected = {OmittedPart.IMAGES: 3, OmittedPart.FILES: 2, OmittedPart.THOUGHTS: 1, OmittedPart.TOOLS: 4}
    assert done.left_out == expected


def test_thoughts_of_two_answers_are_left_out_of_neither(history: SqliteHistory) -> None:
    entry = chatgpt()
    entry["mapping"]["b"] = node("b", "think", "assistant", "Another answer to the same thoughts")
    assert import_from(history, io.StringIO(json.dumps([entry]))).left_out == {
        OmittedPart.IMAGES: 1,
        OmittedPart.TOOLS: 2,
    }


def test_importing_chatgpt_again_adds_only_what_is_new(history: SqliteHistory) -> None:
    import_from(history, io.StringIO(json.dumps([chatgpt()])))
    with_new_message = chatgpt()
    with_new_message["mapping"]["more"] = node("more", "end", "user", "And then?")
    assert import_from(history, io.StringIO(json.dumps([chatgpt()]))) == ImportReport(1, 0, 0, ())
    assert import_from(history, io.StringIO(json.dumps([with_new_message]))) == ImportReport(1, 0, 1, ())
    (talk,) = history.conversations()
    (hit,) = history.search("and then")
    assert [each.text for each in history.branch(talk.id, hit.message_id)][-2:] == ["Bởi vì␛[31m", "And then?"]


@pytest.mark.parametrize(
    "broken",
    [
        {"mapping": []},
        {"conversation_id": None},
        {"mapping": {"x": 5}},
        {"mapping": {"x": node("x", None, "user", 5)}},
        {"mapping": {"x": {"message": {"author": "me"}}}},
    ],
)
def test_broken_conversations_of_chatgpt_are_skipped(history: SqliteHistory, broken: dict[str, object]) -> None:
    done = import_from(history, io.StringIO(json.dumps([chatgpt(**broken), chatgpt(title="")])))
    assert (done.conversations, len(done.skipped)) == (1, 1)
    assert done.skipped[0].startswith("Entry 1 (Hỏi): ")
    assert history.conversations()[0].title == "Imported conversation"


def test_a_file_and_an_archive_are_read(history: SqliteHistory, tmp_path: Path) -> None:
    plain, archive = tmp_path / "conversations.json", tmp_path / "export.zip"
    plain.write_text("\ufeff" + json.dumps([chatgpt()]), "utf-8")
    with zipfile.ZipFile(archive, "w") as out:
        out.write(plain, "conversations.json")
    assert import_file(history, plain).messages == 3
    assert import_file(history, archive) == ImportReport(1, 0, 0, ())


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\xff\xfe\0", b"{}", b"PK\5\6" + bytes(18)])
def test_a_file_without_conversations_is_told(history: SqliteHistory, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TransferError):
        import_file(history, path)


def test_a_conversation_that_is_not_there_cannot_be_exported(history: SqliteHistory) -> None:
    with pytest.raises(TransferError):
        export(history, ["nobody"], Format.JSON, io.StringIO())


def test_nothing_exported_is_an_empty_list(history: SqliteHistory) -> None:
    assert json.loads(exported_text(history, Format.JSON)) == []
    assert exported_text(history, Format.JSONL) == ""


def test_markdown_has_the_shown_branch(history: SqliteHistory) -> None:
    text = exported_text(history, Format.MARKDOWN, add_rich_conversation(history))
    assert text.startswith("# Một cuộc\n")
    assert "## You\n\n<b>English?</b>\n" in text
    assert "## a/b\n\nNo\n\n> Refused. Ask else\n" in text
    assert "Tiếng Việt?" not in text


def test_a_page_holds_nothing_that_acts_or_fetches(history: SqliteHistory) -> None:
    talk = history.create_conversation(title="<script>alert(1)</script>")
    text = (
        "<script>alert(2)</script> ![x](https://evil.example/x.png) [y](javascript:alert(3))\n\n"
        "```html\n<img src=x onerror=alert(4)>\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    asked = history.add_message(talk.id, Role.USER, "<img src=x onerror=alert(5)>", parent_id=None)
    history.add_message(talk.id, Role.ASSISTANT, text, parent_id=asked.id)
    page = exported_text(history, Format.HTML, talk.id)
    for bad in ("<script", "<img", 'href="javascript', "src="):
        assert bad not in page.replace("&lt;", "").replace("src=x onerror", "")
    assert "<td>1</td>" in page
    assert "color-scheme: light dark" in page
    assert "default-src 'none'" in page


def test_a_page_makes_links_of_addresses(history: SqliteHistory) -> None:
    talk = history.create_conversation(title="t")
    asked = history.add_message(
        talk.id, Role.USER, 'See https://a.example/x?a=1&b="2" and javascript:alert(1)', parent_id=None
    )
    text = (
        "Go to https://b.example/a_b_c(d), or <https://c.example>. [https://d.example](https://e.example) "
        "`https://f.example` ftp://g.example javascript:alert(2)\n\n> https://h.example/x\n\n"
        "```\nhttps://i.example\n```\n\n| https://j.example |\n|---|\n"
    )
    history.add_message(talk.id, Role.ASSISTANT, text, parent_id=asked.id)
    page = exported_text(history, Format.HTML, talk.id)
    assert re.findall(r'<a href="([^"]*)">([^<]*)</a>', page) == [
        ("https://a.example/x?a=1&amp;b=", "https://a.example/x?a=1&amp;b="),
        ("https://b.example/a_b_c(d)", "https://b.example/a_b_c(d)"),
        ("https://c.example", "https://c.example"),
        ("https://e.example", "https://d.example"),
        ("https://h.example/x", "https://h.example/x"),
        ("https://j.example", "https://j.example"),
    ]
    assert page.count("<a ") == 6


def rendered(history: SqliteHistory, text: str) -> str:
    """Return the HTML of an answer, without its heading."""
    talk = history.create_conversation(title="t")
    history.add_message(talk.id, Role.ASSISTANT, text, parent_id=None)
    page = exported_text(history, Format.HTML, talk.id)
    return page[page.index("</h2>") + 5 : page.index("</article>")].strip()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "a[^1] [^b-z]\n\n[^1]: *note*\nmore\n[^2]: b",
            '<p>a<sup>[1]</sup> [^b-z]</p>\n<p class="footnote"><sup>[1]</sup> '
            '<em>note</em>\nmore</p><p class="footnote"><sup>[2]</sup> b</p>',
        ),
        (
            "Term *x*\n: one\n  more\n: two\n\nend",
            "<dl>\n<dt>Term <em>x</em></dt>\n<dd>one\nmore</dd>\n<dd>two</dd>\n</dl>\n<p>end</p>",
        ),
        (
            "<details><summary><b>S</b> `c`</summary>\n\n- a\n\n```\n</details>\n```\n</details>\nend",
            "<details>\n<summary>S <code>c</code></summary>\n<ul>\n<li>a</li>\n</ul>\n<pre><code>&lt;/details&gt;\n"
            "</code></pre>\n</details>\n<p>end</p>",
        ),
        (
            "<details>\n<summary>S<script></summary>\n\n<details>\nin",
            "<details>\n<summary>S&lt;script&gt;</summary>\n<details>\n<p>in</p>\n</details>\n</details>",
        ),
        (
            "- [ ] a\n- [x] b\n- [y] c",
            '<ul>\n<li><input type="checkbox" disabled="" /> a</li>\n'
            '<li><input type="checkbox" disabled="" checked="" /> b</li>\n<li>[y] c</li>\n</ul>',
        ),
        (
            r"$a_1 * b_2 * c$ and \(x<y\), $5 and $6",
            r'<p><span class="formula">$a_1 * b_2 * c$</span> and '
            r'<span class="formula">\(x&lt;y\)</span>, $5 and $6</p>',
        ),
        ("$$\na\n= b\n$$\nend", '<p class="formula">$$\na\n= b\n$$</p>\n<p>end</p>'),
    ],
)
def test_a_page_shows_extensions_of_markdown(history: SqliteHistory, text: str, html: str) -> None:
    squeezed = re.compile(r"\n(?=<(?:p|/?d[ldt]|/?details|summary|/?ul|li|pre)\b)")
    assert squeezed.sub("", rendered(history, text)) == squeezed.sub("", html)


@pytest.mark.parametrize("line", ["<details>\n", "> <details>\n", "[^1]: a\n", "a\n: b\n", "$$\n", "- [ ] $$\n"])
def test_a_page_of_many_extensions_is_written(history: SqliteHistory, line: str) -> None:
    assert rendered(history, line * 2000).count("\n") > 1000


def test_a_page_sets_quotations_apart_and_breaks_long_words(history: SqliteHistory) -> None:
    page = exported_text(history, Format.HTML, history.create_conversation(title="t").id)
    assert re.search(r"blockquote \{[^}]*border-left:", page)
    assert re.search(r"body \{[^}]*overflow-wrap: anywhere;", page)


@settings(max_examples=120, deadline=None)
@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1, 3]), st.sampled_from(["array", "lines", "pretty"]))
def test_entries_are_split_wherever_the_chunks_end(values: list[object], indent: int | None, form: str) -> None:
    if form == "array":
        text = json.dumps(values, indent=indent)
    elif form == "lines":
        values = [{"first": 1}, *values]
        text = "\n".join(json.dumps(value) for value in values) + "\n"
    else:
        values = [{"value": value} for value in values]
        text = "\n".join(json.dumps(value, indent=2) for value in values)
    assert list(entries(TwoCharacterReads(text))) == values


class TwoCharacterReads(io.StringIO):
    """Gives two characters at a time, however many are asked for."""

    def read(self, size: int | None = -1) -> str:
        return super().read(2)


@settings(max_examples=100, deadline=None)
@given(st.text('[]{}",:\\ab1 \n', max_size=40))
def test_no_text_is_too_odd_to_split(text: str) -> None:
    for entry in entries(TwoCharacterReads(text)):
        assert isinstance(entry, BrokenEntry) or entry == json.loads(json.dumps(entry))


def test_a_very_deep_entry_is_broken_and_the_next_one_is_read() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    found = list(entries(io.StringIO(f"[{deep}, 1]")))
    assert isinstance(found[0], BrokenEntry)
    assert found[1:] == [1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([None, *"abcdefgh"])), max_size=8))
def test_any_links_become_a_tree(links: list[tuple[str, str | None]]) -> None:
    messages = [Message(id_, "c", parent, Role.USER, "", 0.0) for id_, parent in links]
    ordered = in_order(messages, {"g"})
    placed: set[str | None] = {None, "g"}
    for message in ordered:
        assert message.parent_id in placed
        placed.add(message.id)
    assert {message.id for message in ordered} == {id_ for id_, _parent in links}


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(Role), TEXTS, TEXTS), min_size=1, max_size=10),
    st.sampled_from([Format.JSON, Format.JSONL]),
)
def test_random_trees_survive_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, nodes: list[tuple[int, Role, str, str]], form: Format
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    with SqliteHistory(folder / "one.db") as one, SqliteHistory(folder / "two.db") as two:
        talk = one.create_conversation(title="t")
        ids: list[str] = []
        for parent, role, text, raw in nodes:
            above = ids[parent % len(ids)] if ids and parent else None
            state = AnswerState.QUEUED if role is Role.ASSISTANT else AnswerState.COMPLETE
            message = one.add_message(talk.id, role, text, parent_id=above, state=state)
            ids.append(message.id)
            if role is Role.ASSISTANT:
                attempt = attempt_for(message.id)
                one.begin_attempt(attempt)
                one.journal(attempt.id, CONTENT, raw)
                one.finish(replace(message, text=raw, state=AnswerState.STOPPED))
        import_from(two, io.StringIO(exported_text(one, form, talk.id)))
        assert two.bundle(talk.id) == one.bundle(talk.id)


# -- files that are made to do harm


def foreign_conversation(history: SqliteHistory, **fields: object) -> str:
    return json.dumps(
        {**to_json_of(history, add_rich_conversation(history)), "id": "foreign", "messages": [], **fields}
    )


def test_a_number_of_400_digits_does_not_end_an_import(history: SqliteHistory) -> None:
    huge = int("9" * 400)
    text = "\n".join(
        [foreign_conversation(history, created_at=huge), json.dumps(chatgpt(create_time=huge, update_time=-huge))]
    )
    done = import_from(history, io.StringIO(text))
    assert (done.entries, done.conversations, done.broken) == (2, 1, 1)


def test_parameters_that_holytui_sets_itself_are_left_out_and_told(history: SqliteHistory) -> None:
    evil = {"messages": [{"role": "user", "content": "ATTACKER"}], "model": "other", "stream": False, "top_p": 0.5}
    done = import_from(history, io.StringIO(foreign_conversation(history, params=evil)))
    found = history.conversation("foreign")
    assert found is not None
    assert found.params == {"top_p": 0.5}
    (note,) = done.notes
    assert note.endswith("model, messages, stream")
    assert done.skipped == ()


@pytest.mark.parametrize("levels", [101, 700])
def test_parameters_that_are_nested_too_deep_are_refused(history: SqliteHistory, levels: int) -> None:
    text = foreign_conversation(history, params={"a": "DEEP"}).replace('"DEEP"', "[" * levels + "]" * levels)
    done = import_from(history, io.StringIO(text))
    assert (done.conversations, done.broken) == (0, 1)
    assert "too deeply nested" in done.skipped[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"conversation_id": "a\ud800"},
        {"title": "a\ud800", "mapping": {"\udfff": node("\udfff", None, "user", "hello \ud800")}},
        {"current_node": "\ud800"},
    ],
)
def test_halves_of_pairs_in_ids_do_not_end_an_import(history: SqliteHistory, fields: dict[str, object]) -> None:
    text = json.dumps([chatgpt(**fields), chatgpt(conversation_id="next")])
    for new in (2, 0):
        done = import_from(history, io.StringIO(text))
        assert (done.entries, done.conversations, done.broken) == (2, new, 0)


def test_a_part_that_is_nested_too_deep_is_told() -> None:
    deep: list[object] = []
    for _level in range(100_000):
        deep = [deep]
    said = chatgpt(mapping={"x": node("x", None, "user", {"text": deep}, kind="multimodal_text")})
    try:
        with pytest.raises(TransferError, match="too deeply nested"):
            from_chatgpt(said)
    finally:
        while deep:  # Python's own way of letting go of it would go as deep
            deep = deep.pop()  # type: ignore[assignment]  # each holds the next


class Counted(io.StringIO):
    """Counts what is read."""

    read_so_far = 0

    def read(self, size: int | None = -1) -> str:
        text = super().read(size)
        self.read_so_far += len(text)
        return text


def test_many_entries_that_are_no_conversations_end_an_import_early(history: SqliteHistory) -> None:
    stream = Counted(json.dumps(chatgpt()) + "\n" + "{}\n" * 2_000)
    seen: list[ImportReport] = []
    with pytest.raises(TransferError, match="1000 entries in a row are not conversations") as raised:
        import_from(history, stream, seen.append)
    assert raised.value.hint == "Nothing was imported."
    assert len(seen[-1].skipped) == 100
    assert seen[-1].broken == 1000
    assert history.conversations() == []


def test_broken_json_ends_an_import_at_once(history: SqliteHistory) -> None:
    stream = Counted(json.dumps(chatgpt()) + "\n" + "{\n" * 500_000)
    with pytest.raises(TransferError, match="Entry 2 of the file is not JSON"):
        import_from(history, stream)
    assert stream.read_so_far < 200_000


def test_entries_that_are_no_conversations_among_good_ones_are_counted(history: SqliteHistory) -> None:
    lines = [line for number in range(150) for line in ("{}", json.dumps(chatgpt(conversation_id=str(number % 3))))]
    done = import_from(history, io.StringIO("\n".join([json.dumps(chatgpt()), *lines])))
    assert (done.entries, done.broken, len(done.skipped), done.conversations) == (301, 150, 100, 4)


def test_an_archive_that_unpacks_to_too_much_is_refused(history: SqliteHistory, tmp_path: Path) -> None:
    bomb = tmp_path / "export.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out, out.open("conversations.json", "w") as inside:
        inside.write(json.dumps([chatgpt()])[:-1].encode() + b', "')
        for _ in range(70):
            inside.write(bytes(1 << 20))
        inside.write(b'"]')
    with pytest.raises(TransferError, match="would unpack to"):
        import_file(history, bomb)
    assert history.conversations() == []


def test_a_damaged_archive_is_told(history: SqliteHistory, tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("conversations.json", json.dumps([chatgpt(title="x" * 5000)]))
    spoilt = bytearray(archive.read_bytes())
    spoilt[60:90] = bytes(30)
    archive.write_bytes(spoilt)
    with pytest.raises(TransferError, match="cannot be read"):
        import_file(history, archive)
    assert history.conversations() == []


def test_an_entry_of_any_length_ends_somewhere(history: SqliteHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "LONGEST", 100_000)
    for text in ('["' + '\\"' * 1_000_000, "[" * 2_000_000, "{" + " " * 2_000_000, "[" + "1" * 2_000_000):
        stream = Counted(text)
        with pytest.raises(EntryTooLong):
            list(entries(stream))
        assert stream.read_so_far < 1_000_000
    with pytest.raises(TransferError, match="longer than"):
        import_from(history, io.StringIO('["' + "a" * 1_000_000))


@pytest.mark.parametrize(
    "text",
    ['["' + '\\"' * 400_000, "[" * 800_000, "{" * 800_000, '["' + "x" * 400_000 + '"' + ",1" * 200_000 + "]"],
    ids=["escapes", "brackets", "braces", "a long one first"],
)
def test_the_memory_of_an_import_grows_with_the_file_alone(text: str) -> None:
    tracemalloc.start()
    try:
        for _entry in entries(io.StringIO(text)):
            pass
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * len(text)


def test_thoughts_before_an_answer_are_shared_by_its_branches(history: SqliteHistory) -> None:
    nodes = [node(str(n), str(n - 1) if n else None, "assistant", kind="thoughts") for n in range(2000)]
    for each in nodes:
        each["message"]["content"]["thoughts"] = [{"content": "thought " * 100}]
    nodes.append(node("end", "1999", "assistant", "said"))
    text = json.dumps([chatgpt(mapping={each["id"]: each for each in nodes}, current_node="end")])
    assert import_from(history, io.StringIO(text)).messages == 1
    (talk,) = history.conversations()
    (answer,) = history.branch(talk.id)
    assert answer.reasoning.count("thought") == 200_000
