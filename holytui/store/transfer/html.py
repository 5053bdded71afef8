"""The shown branch of conversations as one self-contained web page without scripts.

Links in texts stay links; nothing is fetched unless one is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, TextIO

from holytui.i18n import _, language
from holytui.images import data_url, describe
from holytui.models import Image, Message, Role
from holytui.store.transfer.html_extensions import STYLE, add_extensions
from holytui.store.transfer.markdown import notes, shown_branch, speaker, when
from holytui.store.values import Bundle
from holytui.text import addresses, replace_invisible, sanitize

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_STYLE = """
:root { color-scheme: light dark; --quiet: color-mix(in srgb, currentColor 60%, transparent); }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: anywhere; }
article { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: 0.5rem 0; }
article > h2 { font-size: 1rem; margin: 0.5rem 0; }
time, .note, summary, figcaption { color: var(--quiet); font-size: 0.9rem; font-weight: normal; }
.user { white-space: pre-wrap; }
figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
blockquote { margin: 1rem 0; padding: 0 0 0 1rem; color: var(--quiet);
  border-left: 0.25rem solid color-mix(in srgb, currentColor 40%, transparent); }
table { border-collapse: collapse; } th, td { border: 1px solid; padding: 0.25rem 0.5rem; }
@media (prefers-color-scheme: light) { body { background: #fff; color: #1c1c1c; } }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #e4e4e4; } a { color: #8ab4f8; } }
"""
_LIGHT, _DARK = "default", "github-dark"
_BREAKS = "\u00ad\u2028\u2029"


def write_page(bundles: Iterable[Bundle], out: TextIO) -> int:
    """Write all conversations as one page; return their number."""
    reader = _reader()
    out.write(
        f'<!doctype html>\n<html lang="{escape(language())}">\n<meta charset="utf-8">\n'
        # no text of a model can make the page fetch or run anything
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">\n'
    )
    count = 0
    for bundle in bundles:
        title = _show_invisible(escape(sanitize(bundle.conversation.title)))
        if count == 0:
            out.write(f"<title>{title}</title>\n<style>{_STYLE}{STYLE}{_code_style()}</style>\n")
        out.write(f"<h1>{title}</h1>\n<p><time>{when(bundle.conversation.created_at)}</time></p>\n")
        for message in shown_branch(bundle):
            out.writelines(_article(message, reader, bundle.image_data))
        count += 1
    out.write("</html>\n")
    return count


def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # heavy, and only needed here

    # images are left as links, as a page that loads them would tell their servers who reads it
    options = {"html": False, "highlight": _highlight}
    reader = MarkdownIt("commonmark", options).enable(["table", "strikethrough"]).disable("image")
    add_extensions(reader)
    reader.core.ruler.push("addresses", _link_addresses)
    return reader


def _link_addresses(state: StateCore) -> None:
    """Turn bare addresses into links, as GitHub's Markdown does."""
    for block in state.tokens:
        within = 0
        out: list[Token] = []
        for token in block.children or ():
            within += token.nesting if token.type in ("link_open", "link_close") else 0
            plain = token.type == "text" and not within
            out += _with_links(token, state.md.normalizeLink) if plain else [token]
        if block.children is not None:
            block.children = out


def _with_links(token: Token, normalized: Callable[[str], str]) -> Iterator[Token]:
    """Split a text token around its addresses, and link these."""
    for text, is_address in addresses(token.content):
        if is_address:
            yield token.copy(type="link_open", tag="a", nesting=1, attrs={"href": normalized(text)}, content="")
        yield token.copy(content=text)
        if is_address:
            yield token.copy(type="link_close", tag="a", nesting=-1, content="")


def _escape_typed(text: str) -> str:
    """Escape a text as typed, with links for its addresses."""
    parts = ((escape(part), is_address) for part, is_address in addresses(text))
    return "".join(f'<a href="{part}">{part}</a>' if is_address else part for part, is_address in parts)


def _code_style() -> str:
    """Pygments' CSS for code, for light and dark colour schemes."""
    from pygments.formatters.html import HtmlFormatter

    rules = {
        name: "\n".join(
            rule
            for rule in HtmlFormatter(style=name).get_style_defs("pre").splitlines()
            if rule.startswith("pre .") and not rule.startswith("pre .err")
        )
        for name in (_LIGHT, _DARK)
    }
    return "".join(
        f"@media (prefers-color-scheme: {scheme}) {{\n{rules[name]}\n}}\n"
        for scheme, name in (("light", _LIGHT), ("dark", _DARK))
    )


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Highlight code as HTML; empty for an unknown language, which markdown-it then escapes."""
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        # stripnl: pygments would take away the empty lines at both ends
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _article(message: Message, reader: MarkdownIt, image_data: Mapping[str, bytes]) -> Iterator[str]:
    is_typed = message.role is Role.USER  # shown verbatim
    body = (
        f'<div class="user">{_escape_typed(sanitize(message.text))}</div>'
        if is_typed
        else str(reader.render(sanitize(message.text)))
    )
    thoughts = ""
    if message.reasoning:
        summary, words = escape(_("Reasoning")), reader.render(sanitize(message.reasoning))
        thoughts = f"<details><summary>{summary}</summary>{words}</details>\n"
    note = "".join(f'<p class="note">{escape(each)}</p>\n' for each in notes(message))
    head = f"<h2>{escape(speaker(message))} <time>{when(message.created_at)}</time></h2>"
    yield _show_invisible(f"<article>\n{head}\n{thoughts}{body}\n")
    for image in message.images:
        yield from _figure(image, image_data.get(image.digest))
    yield _show_invisible(f"{note}</article>\n")


def _show_invisible(page: str) -> str:
    """Make invisible characters visible, as they could reorder the page's text; line breaks and hyphens stay."""
    return replace_invisible(page, lambda char: char if char in _BREAKS else f"&lt;U+{ord(char):04X}&gt;")


def _figure(image: Image, data: bytes | None) -> Iterator[str]:
    """Yield an image inline; a lost one as its description."""
    yield "<figure>\n"
    if data is not None:
        alt = _show_invisible(escape(sanitize(image.name)))
        yield f'<img width="{image.width}" height="{image.height}" alt="{alt}" src="'
        yield f'{data_url(image, data)}">\n'
    yield _show_invisible(f"<figcaption>{escape(describe(image))}</figcaption>\n</figure>\n")
