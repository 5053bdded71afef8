"""Incremental decompression of bodies. Compression is never requested, but some proxies apply it anyway."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from holytui.i18n import _

_BLOCK = 64 * 1024
_ANY_HEADER = 32 + zlib.MAX_WBITS  # gzip or zlib, detected from the data
_RAW = -zlib.MAX_WBITS


class UnknownEncoding(zlib.error):
    """Unsupported `Content-Encoding`; the message is its name."""


class Decompressor:
    """Decompress the `Content-Encoding`s identity, gzip and deflate.

    Raises UnknownEncoding for any other encoding, and zlib.error for invalid data.
    """

    __slots__ = ("_deflate", "_encoded", "_started", "_stream")

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise UnknownEncoding(name)
        self._encoded = name not in ("", "identity")
        self._deflate = name == "deflate"
        self._started = False
        self._stream = zlib.decompressobj(_ANY_HEADER)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the decompressed `data` in blocks of bounded size."""
        if not self._encoded:
            yield data
            return
        while data:
            if self._stream.eof:  # a gzip stream may have several members
                self._stream = zlib.decompressobj(_ANY_HEADER)
            block = self._decompress(data)
            if block:
                yield block
            data = self._stream.unconsumed_tail or self._stream.unused_data

    def close(self) -> bytes:
        """Return buffered output. Raises zlib.error if the data is incomplete."""
        if not self._encoded or not self._started:
            return b""
        remainder = self._stream.flush()
        if not self._stream.eof:
            raise zlib.error(_("the compressed data ended too early"))
        return remainder

    def remainder(self) -> bytes:
        """Return buffered output of data that may be incomplete."""
        return self._stream.flush() if self._encoded and self._started else b""

    def _decompress(self, data: bytes) -> bytes:
        first, self._started = not self._started, True
        try:
            return self._stream.decompress(data, _BLOCK)
        except zlib.error:
            if not (first and self._deflate):
                raise
            # Some servers send "deflate" without the zlib header that RFC 9110 requires.
            self._stream = zlib.decompressobj(_RAW)
            return self._stream.decompress(data, _BLOCK)
