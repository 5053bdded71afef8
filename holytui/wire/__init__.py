"""One request to an OpenAI-compatible server: bytes to events. No state beyond one request."""
