"""The built-in offline model: an OpenAI-compatible loopback server, with faults on demand."""
