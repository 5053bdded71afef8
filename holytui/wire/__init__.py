"""HTTP client for OpenAI-compatible servers: one request, its bytes parsed into events."""
