"""Connections, and the thread of one request."""
