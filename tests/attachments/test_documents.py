"""PDF and Word files are attached as their text; what cannot be read is refused with the reason."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.attachments import documents
from holytui.attachments.documents import DocumentKind, DocumentReader, DocumentUnreadableError, kind_of
from holytui.attachments.files import MOST, Attachment, Chosen, gather, with_files
from holytui.errors import NotAttached
from tests.attachments import made_documents as made
from tests.attachments.made_documents import paragraph, word


def read(path: Path) -> Attachment:
    (file,) = gather([Chosen.at(path.name, path.parent)]).files
    return file


def test_the_text_of_the_pages_of_a_pdf_is_sent(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(made.pdf("First page", "", "Third page"))
    file = read(tmp_path / "a.pdf")
    assert file == Attachment("a.pdf", "First page\n\nThird page\n")
    assert with_files("q", [file]) == "q\n\na.pdf:\n\n```\nFirst page\n\nThird page\n```"


def test_the_text_of_a_word_file_is_sent_with_headings_lists_and_tables(tmp_path: Path) -> None:
    cell = "<w:tc>{}</w:tc>".format
    body = (
        paragraph("Title", '<w:pStyle w:val="Heading2"/>')
        + "<w:p><w:pPr><w:tabs><w:tab w:val='left' w:pos='1'/></w:tabs></w:pPr>"
        + "<w:r><w:t>a</w:t><w:tab/><w:t xml:space='preserve'>b &amp; </w:t></w:r><w:r><w:t>ế</w:t><w:br/></w:r></w:p>"
        + "<w:p><w:r><w:delText>deleted</w:delText></w:r></w:p>"
        + paragraph("one", "<w:numPr/>")
        + f"<w:tbl><w:tr>{cell(paragraph('1') + paragraph('x'))}{cell(paragraph('2'))}</w:tr></w:tbl>"
        + '<x:Fallback xmlns:x="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        + f"{paragraph('again')}</x:Fallback>"
        + paragraph("end")
    )
    (tmp_path / "a.docx").write_bytes(word(body))
    assert read(tmp_path / "a.docx").text == "## Title\n\na\tb & ế\n\n\n- one\n| 1 x | 2 |\n\nend\n\n"


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "scanned": (made.pdf("", ""), "it has no text; the pages of a scanned document are images"),
    "encrypted": (made.encrypted_pdf(), "it is encrypted with a password"),
    "no pdf": (b"%PDF-1.7\n" + b"\xff" * 300, "it is a damaged PDF file"),
    "empty": (word(""), "it has no text"),
    "malformed": (word("<w:p>"), "it is a damaged Word file"),
    "other method": (made.packed(b"<a/>", zipfile.ZIP_BZIP2), "it is a damaged Word file"),
    "damaged": (made.damaged_word(), "it is a damaged Word file"),
    "entity": (word(paragraph("&e;"), '<!DOCTYPE d [<!ENTITY e "boom">]>'), "it is a damaged Word file"),
    "long": (word(paragraph("x" * 9) * 112_000), "it has more text than the 1 MB that can be sent"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_has_no_text_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    data, reason = UNREADABLE[name]
    (tmp_path / "file").write_bytes(data)  # whatever its name
    with pytest.raises(NotAttached) as refused:
        read(tmp_path / "file")
    assert refused.value.title == f"file cannot be attached: {reason}"
    assert refused.value.hint == "Nothing was sent"


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(made.zip_bomb())
    with pytest.raises(NotAttached, match=r"it is more than 30.0 MB when unpacked"):
        read(tmp_path / "a.docx")


def test_pages_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_PAGES", 2)
    assert DocumentReader(MOST).text(DocumentKind.PDF, made.pdf("a", "b")) == "a\n\nb\n"
    with pytest.raises(DocumentUnreadableError, match="it has 3 pages; at most 2 can be sent"):
        DocumentReader(MOST).text(DocumentKind.PDF, made.pdf("a", "b", "c"))


def test_the_text_of_a_pdf_is_limited() -> None:
    with pytest.raises(DocumentUnreadableError, match="more text than"):
        DocumentReader(5).text(DocumentKind.PDF, made.pdf("abc", "def"))


@pytest.mark.parametrize("kind", DocumentKind)
def test_a_document_that_takes_too_long_is_given_up(kind: DocumentKind) -> None:
    data = {DocumentKind.PDF: made.pdf("a"), DocumentKind.WORD: word(paragraph("a"))}[kind]
    clock: Iterator[float] = iter([0.0, *[21.0] * 9])
    with pytest.raises(DocumentUnreadableError, match="could not be read in 20 s"):
        DocumentReader(MOST, lambda: next(clock)).text(kind, data)


def test_a_missing_extra_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    (tmp_path / "a.pdf").write_bytes(made.pdf("a"))
    with pytest.raises(NotAttached) as refused:
        read(tmp_path / "a.pdf")
    assert refused.value.title == "a.pdf cannot be attached: PDF files need the package pypdf"
    assert 'pip install "holytui[documents]"' in refused.value.hint


def test_other_archives_are_no_documents() -> None:
    assert kind_of(made.packed(b"").replace(b"word/", b"ward/")) is None
    assert kind_of(b"PK\x03\x04 and nothing else") is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=8), st.sampled_from(DocumentKind))
def test_a_damaged_document_raises_nothing_else(place: int, junk: bytes, kind: DocumentKind) -> None:
    data = bytearray(made.pdf("Page") if kind is DocumentKind.PDF else word(paragraph("Text")))
    data[place % len(data) :][: len(junk)] = junk
    at = place % len(data)
    data[at : at + len(junk)] = junk
    try:
        assert DocumentReader(MOST).text(kind, bytes(data))
    except DocumentUnreadableError as error:
        assert error.reason  # noqa: PT017 - the other outcome


def test_parsers_are_imported_only_for_documents() -> None:
    heavy = "{'pypdf', 'zipfile', 'pyexpat'}"
    program = f"import sys, holytui.attachments.selection; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
