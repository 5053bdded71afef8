"""Small PDF and Word files, made of bytes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(*pages: str, trailer: str = "", more: Sequence[str] = ()) -> bytes:
    """Return a PDF with a line of ASCII text on each page; an empty page has none. `more` are further objects."""
    count = len(pages)
    font = 3 + 2 * count
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [{' '.join(f'{3 + 2 * n} 0 R' for n in range(count))}] >>",
    ]
    for number, text in enumerate(pages):
        drawing = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else "0 0 m 9 9 l S"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * number} 0 R"
            f" /Resources << /Font << /F1 {font} 0 R >> >> >>",
            f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
        ]
    objects += ["<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", *more]
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n".encode("latin-1")
    start = len(data)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    data += f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    return data + f"trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()


def encrypted_pdf() -> bytes:
    """Return a PDF that no known password opens."""
    key = "61" * 32
    encryption = f"<< /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >>"
    return pdf("secret", trailer=f"/Encrypt 6 0 R /ID [<{'00' * 16}> <{'00' * 16}>]", more=[encryption])


def word(body: str, head: str = "") -> bytes:
    """Return a Word file with this body in WordprocessingML, of prefix `w`."""
    xml = f'<?xml version="1.0"?>{head}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    return packed(xml.encode())


def packed(part: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a Word file with the bytes of its main part."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", part)
    return made.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph in WordprocessingML."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def zip_bomb() -> bytes:
    """Return a Word file that unpacks to 40 MB."""
    made = packed(b"<a>" + b" " * 40_000_000 + b"</a>")
    assert len(made) < 100_000
    return made


def damaged_word() -> bytes:
    """Return a Word file whose packed data is damaged."""
    made = bytearray(word(paragraph("text")))
    at = made.index(b"word/document.xml") + len("word/document.xml")
    made[at : at + 20] = zlib.compress(b"x" * 40)[:20].ljust(20, b"\xff")
    return bytes(made)
