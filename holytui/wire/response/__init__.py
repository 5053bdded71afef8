"""Parsers for response bodies: SSE, JSON chunks and errors."""
